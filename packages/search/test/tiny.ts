import { type Backend, referenceBackend } from '@cpnas/backends'
import { memoryDataset, type RecordDataset } from '@cpnas/data'
import { presets, runSearch, type SearchConfig, type SearchOptions, type SearchSnapshot } from '@cpnas/search'
import { right } from 'fp-ts/lib/TaskEither.js'

/** Images of 4x4 pixels, bright on the left (class 0) or on the right (class 1), with some noise. */
export const tinyDataset = (count = 16): RecordDataset => {
  const size = 4
  const labels = Uint8Array.from({ length: count }, (_, i) => i % 2)
  const pixels = Uint8Array.from({ length: count * size * size }, (_, i) => {
    const image = Math.floor(i / (size * size))
    const left = i % size < size / 2
    return (left === (labels[image] === 0) ? 180 : 20) + ((i * 37) % 61)
  })
  const statistics = { mean: [0.5], std: [0.3] }
  return memoryDataset(
    { name: 'tiny', height: size, width: size, channels: 1, classNames: ['left', 'right'], labels, statistics },
    pixels,
  )
}

/** Three operations, five samples a pass over all rounds: a search of a second on the reference engine. */
export const tinyConfig: SearchConfig = {
  ...presets.quick,
  seed: 5,
  channels: 2,
  operations: ['none', 'skip_connect', 'sep_conv_3x3'],
  share: 1,
  batchSize: 4,
  flip: true,
  crop: 1,
}

/** A search and every snapshot it saved. */
export const runOn = async <T>(
  backend: Backend<T>,
  config: Partial<SearchConfig> = {},
  options: SearchOptions = {},
  dataset: RecordDataset = tinyDataset(),
) => {
  const snapshots: SearchSnapshot[] = []
  const save = (snapshot: SearchSnapshot) => {
    snapshots.push(snapshot)
    return right(undefined)
  }
  const result = await runSearch(backend, dataset, { ...tinyConfig, ...config }, { save, ...options })()
  return { result, snapshots, memory: backend.memory() }
}

/** On the reference engine. */
export const runTiny = (config: Partial<SearchConfig> = {}, options: SearchOptions = {}, dataset = tinyDataset()) =>
  runOn(referenceBackend(), config, options, dataset)
