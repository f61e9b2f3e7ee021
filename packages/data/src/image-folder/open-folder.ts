import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import { type CpnasError, cpnasError } from '@cpnas/core'
import { availableMemory } from '@cpnas/core/memory'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { catalogue } from '../catalogue.js'
import { type CorruptImage, type DatasetPair, DatasetReadError, type ImageFolder } from '../dataset.js'
import { findParquet, scanParquet } from '../parquet/open-parquet.js'
import { type CacheIndex, openCache } from './cache-index.js'
import type { Reduction } from './decode.js'
import { type HeldImages, heldImages } from './held-images.js'
import { type Pool, workerPool } from './pool.js'
import { reductionOf } from './reduction.js'
import { scanImageFolder } from './scan.js'
import type { ScannedFolder, ScannedImages } from './scanned.js'
import { shortSideOf } from './view.js'

/** How the images of a folder are prepared. */
export interface ImageFolderOptions {
  /** Height and width that images are brought to. Default: the median of their short sides, at most 224. */
  readonly imageSize?: number
  /** Bytes of images that are kept in memory, so that later epochs need not decode again; further ones are decoded anew. Default: an eighth of the machine's, at most 2^30. */
  readonly memory?: number
  /** Where decoded images are kept, also from run to run: about 256 KB an image at size 224. Default: nowhere. */
  readonly cacheDirectory?: string
  /** Threads that prepare images. Default: a core less than there are, 1 to 4. More than 4 need the environment variable UV_THREADPOOL_SIZE as large. */
  readonly workers?: number
  /** Batches prepared ahead. Default: workers + 1. */
  readonly prefetch?: number
  /** Largest share of images that cannot be decoded, 0..1, of those that are iterated over. Default 0.01. */
  readonly maxCorrupt?: number
  /** Called once for every image that cannot be decoded, when it is first found. */
  readonly onCorrupt?: (image: CorruptImage) => void
}

interface Settings extends Required<Omit<ImageFolderOptions, 'cacheDirectory' | 'onCorrupt' | 'imageSize'>> {
  readonly imageSize: number | undefined
  readonly onCorrupt: (image: CorruptImage) => void
}

const settingsOf = ({
  imageSize,
  memory = Math.min(2 ** 30, availableMemory() / 8),
  workers = Math.min(4, Math.max(1, availableParallelism() - 1)),
  prefetch = workers + 1,
  maxCorrupt = 0.01,
  onCorrupt = () => {},
}: ImageFolderOptions): Settings => ({ imageSize, memory, workers, prefetch, maxCorrupt, onCorrupt })

const checkSettings = (settings: Settings): E.Either<CpnasError, Settings> => {
  const { maxCorrupt, memory } = settings
  for (const name of ['imageSize', 'workers', 'prefetch'] as const) {
    const value = settings[name]
    if (value !== undefined && !(Number.isSafeInteger(value) && value >= 1))
      return E.left(cpnasError('InvalidOption', name, `${value} is out of range`, 'Give an integer of at least 1'))
  }
  if (!(memory >= 0))
    return E.left(cpnasError('InvalidOption', 'memory', `${memory} is out of range`, 'Give a number of bytes'))
  return maxCorrupt >= 0 && maxCorrupt <= 1
    ? E.right(settings)
    : E.left(cpnasError('InvalidOption', 'maxCorrupt', `${maxCorrupt} is out of range`, 'Give a share from 0 to 1'))
}

interface Sized extends Settings {
  readonly imageSize: number
  readonly notes: readonly string[]
}

const largestDefault = catalogue['image-folder'].height
const smallestDefault = 8
const looked = 200

/** The median of the short sides of up to 200 training images, spread evenly over their order; undefined if none can be read. */
const usualSide = async ({ paths, contents }: ScannedImages): Promise<number | undefined> => {
  const { pictureSize } = await import('./picture-size.js')
  const count = Math.min(looked, paths.length)
  const sides: number[] = []
  for (let i = 0; i < count; i++) {
    const index = Math.floor((i * paths.length) / count)
    const size = await pictureSize(contents?.[index] ?? paths[index]!)
    if (size !== undefined) sides.push(Math.min(size.width, size.height))
  }
  return sides.sort((a, b) => a - b)[sides.length >> 1]
}

const sized = async (settings: Settings, { train, layout }: ScannedFolder): Promise<Sized> => {
  const notes = layout === undefined ? [] : [layout]
  if (settings.imageSize !== undefined) return { ...settings, imageSize: settings.imageSize, notes }
  const side = await usualSide(train)
  const imageSize = Math.max(smallestDefault, Math.min(side ?? largestDefault, largestDefault))
  const what = side === undefined ? 'no image could be looked at' : `the median of the images' short sides is ${side}`
  return { ...settings, imageSize, notes: [...notes, `images are seen in ${imageSize}x${imageSize} pixels: ${what}`] }
}

/** Pictures reduced in one way are no use to the other. */
type Caches = Readonly<Record<Reduction, CacheIndex>>

const folderOf = (
  name: string,
  { directory, paths, labels, contents }: ScannedImages,
  { classNames, leftOut }: ScannedFolder,
  { imageSize, notes, prefetch, maxCorrupt, onCorrupt }: Sized,
  caches: Caches | undefined,
  held: HeldImages,
  pool: Pool,
): ImageFolder => {
  const corrupt = new Map<string, CorruptImage>()
  let open = true
  return {
    name,
    count: paths.length,
    height: imageSize,
    width: imageSize,
    channels: 3,
    classNames,
    labels,
    statistics: catalogue['image-folder'].statistics,
    directory,
    paths,
    contents,
    leftOut,
    notes,
    prefetch,
    maxCorrupt,
    get corrupt() {
      return [...corrupt.values()]
    },
    load: async ({ indices, ...request }) => {
      const chosen = indices.map(index => {
        const path = paths[index]
        if (path === undefined) throw new RangeError(`${name}: there is no image ${index}, there are ${paths.length}`)
        return path
      })
      const { augmentation } = request
      const cache = caches?.[reductionOf(augmentation)]
      const { added, kept, failure, ...loaded } = await pool.run({
        ...request,
        paths: chosen,
        contents: contents && indices.map(index => contents[index]!),
        entries: cache === undefined ? [] : chosen.map(cache.get),
        cache: cache && { directory: cache.directory, prefix: cache.prefix },
        held: indices.map(index => held.get(augmentation, index)),
        hold: held.hasRoom(),
        size: imageSize,
      })
      for (const { place, image } of kept) held.add(augmentation, indices[place]!, image)
      for (const { place, entry } of added) cache?.add(chosen[place]!, entry)
      if (failure !== undefined) throw new DatasetReadError(failure)
      for (const image of loaded.corrupt)
        if (!corrupt.has(image.path)) {
          corrupt.set(image.path, image)
          onCorrupt(image)
        }
      return loaded
    },
    close: () => {
      if (open) pool.release()
      open = false
    },
  }
}

/** The sets of a folder that was scanned. InvalidOption: an option out of range. StorageFailed: the cache's directory cannot be written. */
export const openScanned = (
  scanned: ScannedFolder,
  options: ImageFolderOptions,
): TE.TaskEither<CpnasError, DatasetPair<ImageFolder>> =>
  pipe(
    TE.fromEither(checkSettings(settingsOf(options))),
    TE.bindTo('settings'),
    // sharp must be loaded on the main thread as long as workers use it; nothing else has to wait for it.
    TE.bind('decode', () => TE.fromTask(() => import('./decode.js'))),
    TE.bind('sized', ({ settings }) => TE.fromTask(() => sized(settings, scanned))),
    TE.bind('caches', ({ sized: { imageSize }, decode: { decoderOf } }) => {
      const { cacheDirectory } = options
      if (cacheDirectory === undefined) return TE.right<CpnasError, Caches | undefined>(undefined)
      const open = (reduction: Reduction) =>
        openCache(resolve(cacheDirectory), shortSideOf(imageSize), decoderOf(reduction))
      return pipe(
        TE.Do,
        TE.bind('fast', () => open('fast')),
        TE.bind('exact', () => open('exact')),
      )
    }),
    TE.map(({ sized, caches }) => pairOf(scanned, sized, caches)),
  )

/** Error InvalidData: see scanImageFolder. InvalidOption and StorageFailed: see openScanned. */
export const openImageFolder = (
  dir: string,
  options: ImageFolderOptions = {},
): TE.TaskEither<CpnasError, DatasetPair<ImageFolder>> =>
  pipe(
    TE.fromEither(checkSettings(settingsOf(options))),
    TE.flatMap(() => TE.fromTask(async () => (await findParquet(resolve(dir))) !== undefined)),
    TE.flatMap(parquet => (parquet ? scanParquet(dir) : scanImageFolder(dir))),
    TE.flatMap(scanned => openScanned(scanned, options)),
  )

const pairOf = (scanned: ScannedFolder, settings: Sized, caches: Caches | undefined) => {
  const pool = workerPool(settings.workers, settings.prefetch, 2)
  const held = heldImages(settings.memory)
  const folder = (images: ScannedImages) => folderOf('image-folder', images, scanned, settings, caches, held(), pool)
  return { train: folder(scanned.train), test: folder(scanned.test) }
}
