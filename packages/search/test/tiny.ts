import { type Backend, referenceBackend } from '@cpnas/backends'
import type { RecordDataset } from '@cpnas/data'
import {
  dartsRecipe,
  presets,
  runSearch,
  type SearchConfig,
  type SearchOptions,
  type SearchSnapshot,
  withGiven,
} from '@cpnas/search'
import { right } from 'fp-ts/lib/TaskEither.js'
import { tinyDataset as datasetOf } from '../../../test/support/tiny-dataset.js'

export const tinyDataset = (count = 16): RecordDataset => datasetOf(count)

/** Three operations, five samples a pass over all rounds: a search of a second on the reference engine. */
export const tinyConfig: SearchConfig = withGiven(presets.quick, {
  strategy: 'cp-nas',
  evaluator: 'shared-weights',
  epochsPerSample: 1,
  validationShare: 0.5,
  ...dartsRecipe,
  space: 'cp-nas',
  seed: 5,
  channels: 2,
  operations: ['none', 'skip_connect', 'sep_conv_3x3'],
  share: 1,
  batchSize: 4,
  flip: true,
  crop: 1,
})

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
