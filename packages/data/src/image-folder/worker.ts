import { statSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import type { CpnasError } from '@cpnas/core'
import { middleSquare } from '@cpnas/packed'
import { move, transferableSymbol, valueSymbol } from 'piscina'
import type { Augmentation } from '../augmentation.js'
import type { ChannelStatistics } from '../catalogue.js'
import type { CorruptImage } from '../dataset.js'
import { codeOf } from '../files.js'
import { type CacheFiles, cacheFiles } from './cache-files.js'
import { storageFailed } from './cache-index.js'
import type { CacheEntry, FileState } from './cache-record.js'
import { decode, type Pixels, resizeCrop } from './decode.js'
import { UnusablePicture } from './picture-size.js'
import { reductionOf } from './reduction.js'
import { renderView, shifted } from './render.js'
import { centreOf, shortSideOf, viewAt } from './view.js'

/** A worker's job: the images of a batch. */
export interface Job {
  /** The name of each image; its path, if it is not among the `contents`. */
  readonly paths: readonly string[]
  /** The encoded images, where they are in memory. */
  readonly contents: readonly Uint8Array[] | undefined
  /** What the cache has of each of them. */
  readonly entries: readonly (CacheEntry | undefined)[]
  readonly cache: { readonly directory: string; readonly prefix: string } | undefined
  readonly size: number
  readonly position: number
  readonly augmentation: Augmentation | undefined
  readonly normalization: ChannelStatistics
  readonly seed: number
  readonly epoch: number
}

/** A worker's result: see LoadedImages; and what it added to the cache, by place. */
export interface Done {
  readonly images: Float32Array<ArrayBuffer>
  readonly places: readonly number[]
  readonly corrupt: readonly CorruptImage[]
  readonly added: readonly { readonly place: number; readonly entry: CacheEntry }[]
  readonly failure?: CpnasError
}

const caches = new Map<string, CacheFiles>()

const cacheAt = (directory: string, prefix: string): CacheFiles => {
  const name = `${directory}\n${prefix}`
  const known = caches.get(name) ?? cacheFiles(directory, prefix)
  caches.set(name, known)
  return known
}

class CacheFailure extends Error {
  readonly error: unknown
  constructor(error: unknown) {
    super('the cache failed')
    this.error = error
  }
}

/** What tells one content from another where no file has a time. */
const stateOf = (bytes: Uint8Array): FileState => ({ size: bytes.length, mtimeMs: crc32(bytes) })

/** The decoded image, from the cache if that has the file as it is now. */
const pixelsOf = async (
  { paths, contents, entries, cache, size, augmentation }: Job,
  place: number,
): Promise<{ readonly pixels: Pixels; readonly added?: CacheEntry }> => {
  const path = paths[place]!
  const source = contents?.[place] ?? path
  const decoded = (): Promise<Pixels> => decode(source, shortSideOf(size), reductionOf(augmentation))
  if (cache === undefined) return { pixels: await decoded() }
  const files = cacheAt(cache.directory, cache.prefix)
  const entry = entries[place]
  const state = typeof source === 'string' ? statSync(source) : stateOf(source)
  if (entry?.size === state.size && entry.mtimeMs === state.mtimeMs) {
    const pixels = files.read(entry)
    if (pixels !== undefined) return { pixels }
  }
  const pixels = await decoded()
  try {
    return { pixels, added: files.write(path, state, pixels) }
  } catch (error) {
    throw new CacheFailure(error)
  }
}

const plain = { flip: false, colors: [], cutout: { top: 0, bottom: 0, left: 0, right: 0 } } as const

const prepare = async (job: Job, place: number, pixels: Pixels, into: Float32Array, to: number): Promise<void> => {
  const { size, augmentation, normalization, seed, epoch, position } = job
  if (augmentation === undefined) {
    const { bytes: data, width, height } = pixels
    renderView(middleSquare({ data, width, height }, size), size, plain, normalization, into, to)
    return
  }
  const view = viewAt(augmentation, pixels, size, seed, epoch, position + place)
  const seen =
    view.part.kind === 'rectangle'
      ? await resizeCrop(pixels, view.part.rectangle, size)
      : shifted(await resizeCrop(pixels, centreOf(pixels, size), size), size, view.part)
  renderView(seen, size, view, normalization, into, to)
}

/** Shortened to one line, because libvips repeats the path and its own messages. */
const reasonOf = (error: unknown, path: string): string => {
  if (error instanceof UnusablePicture) return error.message
  const text =
    error instanceof Error && 'code' in error
      ? `cannot be read (${codeOf(error)})`
      : String((error as Error)?.message ?? error)
  const [first = ''] = text.replaceAll(`${path}: `, '').replaceAll(path, 'the file').trim().split('\n')
  return first === '' ? 'cannot be decoded' : first
}

const work = async (job: Job): Promise<Done> => {
  const { paths, size } = job
  const length = size * size * 3
  const images = new Float32Array(paths.length * length)
  const places: number[] = []
  const corrupt: CorruptImage[] = []
  const added: { place: number; entry: CacheEntry }[] = []
  for (const [place, path] of paths.entries()) {
    try {
      const found = await pixelsOf(job, place)
      if (found.added !== undefined) added.push({ place, entry: found.added })
      await prepare(job, place, found.pixels, images, places.length * length)
      places.push(place)
    } catch (error) {
      if (error instanceof CacheFailure)
        return { images, places, corrupt, added, failure: storageFailed(job.cache!.directory, error.error) }
      corrupt.push({ path, reason: reasonOf(error, path) })
    }
  }
  return {
    images: places.length < paths.length ? images.slice(0, places.length * length) : images,
    places,
    corrupt,
    added,
  }
}

let last: Promise<unknown> = Promise.resolve()

/** One job after the other, each image after the other: as many images are decoded at a time as there are workers. */
export const run = (job: Job): Promise<Done> => {
  const done = last.then(() => work(job))
  last = done.catch(() => {})
  return done.then(
    value => move({ [transferableSymbol]: [value.images.buffer], [valueSymbol]: value }) as unknown as Done,
  )
}
