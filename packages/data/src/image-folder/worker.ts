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
import type { HeldImage } from './held-images.js'
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
  /** What is in memory of each of them. */
  readonly held: readonly (HeldImage | undefined)[]
  /** Whether there is room in memory for those that are not. */
  readonly hold: boolean
  readonly size: number
  readonly position: number
  readonly augmentation: Augmentation | undefined
  readonly normalization: ChannelStatistics
  readonly seed: number
  readonly epoch: number
}

/** A worker's result: see LoadedImages; and what it added to the cache, and may be held in memory, by place. */
export interface Done {
  readonly images: Float32Array<ArrayBuffer>
  readonly places: readonly number[]
  readonly corrupt: readonly CorruptImage[]
  readonly added: readonly { readonly place: number; readonly entry: CacheEntry }[]
  readonly kept: readonly { readonly place: number; readonly image: HeldImage }[]
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

const isOf = (known: FileState, { size, mtimeMs }: FileState): boolean =>
  known.size === size && known.mtimeMs === mtimeMs

/** The decoded image, from the cache if that has the file as it is now. */
const decodedOf = async (
  { paths, contents, entries, cache, size, augmentation }: Job,
  place: number,
  state: FileState,
): Promise<{ readonly pixels: Pixels; readonly added?: CacheEntry }> => {
  const path = paths[place]!
  const decoded = (): Promise<Pixels> => decode(contents?.[place] ?? path, shortSideOf(size), reductionOf(augmentation))
  if (cache === undefined) return { pixels: await decoded() }
  const files = cacheAt(cache.directory, cache.prefix)
  const entry = entries[place]
  const cached = entry !== undefined && isOf(entry, state) ? files.read(entry) : undefined
  if (cached !== undefined) return { pixels: cached }
  const pixels = await decoded()
  try {
    return { pixels, added: files.write(path, state, pixels) }
  } catch (error) {
    throw new CacheFailure(error)
  }
}

/** What of an image is the same in every epoch: see `HeldImage`. */
const lastingOf = async (pixels: Pixels, { size, augmentation }: Job): Promise<Pixels> => {
  if (augmentation?.cropScale !== undefined) return pixels
  const square = { width: size, height: size }
  if (augmentation !== undefined) return { bytes: await resizeCrop(pixels, centreOf(pixels, size), size), ...square }
  const { bytes: data, width, height } = pixels
  return { bytes: Uint8Array.from(middleSquare({ data, width, height }, size)), ...square }
}

/** An image up to what is random about it. */
interface Lasting {
  readonly pixels: Pixels
  /** Of its file, if it was not in memory. */
  readonly state?: FileState
  readonly added?: CacheEntry
}

/** What is held in memory of an image, if that is of its file as it is now; otherwise what it decodes to. */
const pixelsOf = async (job: Job, place: number): Promise<Lasting> => {
  const source = job.contents?.[place] ?? job.paths[place]!
  const { size, mtimeMs } = typeof source === 'string' ? statSync(source) : stateOf(source)
  const state = { size, mtimeMs }
  const held = job.held[place]
  if (held !== undefined && isOf(held, state)) {
    const { buffer, offset, width, height } = held
    return { pixels: { bytes: new Uint8Array(buffer, offset, width * height * 3), width, height } }
  }
  const { pixels, ...rest } = await decodedOf(job, place, state)
  return { pixels: await lastingOf(pixels, job), state, ...rest }
}

interface Found {
  readonly place: number
  readonly pixels: Pixels
  readonly state: FileState
}

/** Copies of images, in memory that all threads share. */
const keptOf = (found: readonly Found[]): Done['kept'] => {
  const buffer = new SharedArrayBuffer(found.reduce((sum, { pixels }) => sum + pixels.bytes.length, 0))
  const all = new Uint8Array(buffer)
  let end = 0
  return found.map(({ place, pixels: { bytes, width, height }, state }) => {
    const offset = end
    all.set(bytes, offset)
    end += bytes.length
    return { place, image: { buffer, offset, width, height, ...state } }
  })
}

const plain = { flip: false, colors: [], cutout: { top: 0, bottom: 0, left: 0, right: 0 } } as const

const prepare = async (job: Job, place: number, pixels: Pixels, into: Float32Array, to: number): Promise<void> => {
  const { size, augmentation, normalization, seed, epoch, position } = job
  if (augmentation === undefined) {
    renderView(pixels.bytes, size, plain, normalization, into, to)
    return
  }
  const view = viewAt(augmentation, pixels, size, seed, epoch, position + place)
  const seen =
    view.part.kind === 'rectangle'
      ? await resizeCrop(pixels, view.part.rectangle, size)
      : shifted(pixels.bytes, size, view.part)
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
  const found: Found[] = []
  for (const [place, path] of paths.entries()) {
    try {
      const { pixels, state, added: entry } = await pixelsOf(job, place)
      if (entry !== undefined) added.push({ place, entry })
      if (job.hold && state !== undefined) found.push({ place, pixels, state })
      await prepare(job, place, pixels, images, places.length * length)
      places.push(place)
    } catch (error) {
      if (error instanceof CacheFailure)
        return { images, places, corrupt, added, kept: [], failure: storageFailed(job.cache!.directory, error.error) }
      corrupt.push({ path, reason: reasonOf(error, path) })
    }
  }
  return {
    images: places.length < paths.length ? images.slice(0, places.length * length) : images,
    places,
    corrupt,
    added,
    kept: keptOf(found),
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
