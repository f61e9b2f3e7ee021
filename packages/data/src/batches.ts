import type { CpnasError } from '@cpnas/core'
import { type Augmentation, identity, renderImage, transformAt } from './augmentation.js'
import type { ChannelStatistics } from './catalogue.js'
import {
  type CorruptImage,
  type Dataset,
  DatasetReadError,
  type ImageFolder,
  type LoadedImages,
  type RecordDataset,
} from './dataset.js'
import { badFile } from './files.js'

/** How images become batches. */
export interface BatchOptions {
  /** Images in a batch, at least 1. */
  readonly batchSize: number
  /** Default: none. */
  readonly augmentation?: Augmentation
  /** A value v becomes (v/255 - mean) / std (a std of 0 counts as 1). Default: the data set's `statistics`. */
  readonly normalization?: ChannelStatistics
  /** Of the augmentation. Default 0. */
  readonly seed?: number
  /** Of the augmentation: every epoch has its own. Default 0. */
  readonly epoch?: number
  /** Number of batches to skip at the beginning, to resume within an epoch; they are not read. Default 0. */
  readonly skip?: number
  /** What to do with a last batch that is smaller than the others. Default 'keep'. */
  readonly lastBatch?: 'keep' | 'drop'
}

/** Images as networks take them, with their labels. */
export interface Batch {
  /** [count, height, width, channels], row-major; fresh memory for every batch. */
  readonly images: Float32Array
  /** Class indices, [count]. */
  readonly labels: Float32Array
  readonly count: number
  readonly shape: readonly [count: number, height: number, width: number, channels: number]
}

/** Batches of either kind of data set: for both, `for await`. */
export type Batches = Iterable<Batch> | AsyncIterable<Batch>

const checkBatchSize = (batchSize: number): void => {
  if (!Number.isInteger(batchSize) || batchSize < 1)
    throw new RangeError(`batches: the batch size must be a positive integer, got ${batchSize}`)
}

/** How many batches `batches` gives for `images` images. @param lastBatch Default 'keep'. */
export const batchCount = (images: number, batchSize: number, lastBatch: 'keep' | 'drop' = 'keep'): number => {
  checkBatchSize(batchSize)
  return lastBatch === 'keep' ? Math.ceil(images / batchSize) : Math.floor(images / batchSize)
}

const checkChannels = ({ mean, std }: ChannelStatistics, channels: number): void => {
  if (mean.length !== channels || std.length !== channels)
    throw new RangeError(`batches: the images have ${channels} channels, the normalization ${mean.length}`)
}

/** The normalized value of byte b in channel c at c * 256 + b. */
const valueTable = (normalization: ChannelStatistics, channels: number): Float32Array => {
  const { mean, std } = normalization
  checkChannels(normalization, channels)
  return Float32Array.from({ length: channels * 256 }, (_, i) => {
    const c = i >> 8
    return ((i & 255) / 255 - mean[c]!) / (std[c]! || 1)
  })
}

interface Ordered extends BatchOptions {
  readonly indices: ArrayLike<number>
  readonly total: number
}

const chosen = ({ indices, batchSize }: Ordered, k: number): readonly number[] =>
  Array.from({ length: Math.min(batchSize, indices.length - k * batchSize) }, (_, i) => indices[k * batchSize + i]!)

const recordBatches = (dataset: RecordDataset, options: Ordered): Iterable<Batch> => {
  const { batchSize, augmentation, normalization = dataset.statistics, seed = 0, epoch = 0, skip = 0 } = options
  const { height, width, channels, labels } = dataset
  const size = height * width * channels
  const values = valueTable(normalization, channels)
  const batch = (k: number, bytes: Uint8Array): Batch => {
    const indices = chosen(options, k)
    dataset.read(indices, bytes)
    const images = new Float32Array(indices.length * size)
    for (let i = 0; i < indices.length; i++) {
      const transform = augmentation ? transformAt(augmentation, dataset, seed, epoch, k * batchSize + i) : identity
      renderImage(bytes.subarray(i * size, (i + 1) * size), dataset, values, transform, images, i * size)
    }
    return {
      images,
      labels: Float32Array.from(indices, index => labels[index]!),
      count: indices.length,
      shape: [indices.length, height, width, channels],
    }
  }
  return {
    *[Symbol.iterator]() {
      const bytes = new Uint8Array(Math.min(batchSize, options.indices.length) * size)
      for (let k = skip; k < options.total; k++) yield batch(k, bytes)
    },
  }
}

const listed = 20

const tooManyCorrupt = (
  { directory, maxCorrupt }: ImageFolder,
  corrupt: readonly CorruptImage[],
  of: number,
): CpnasError =>
  badFile(
    directory,
    `${corrupt.length} of ${of} images cannot be decoded${corrupt.length > maxCorrupt * of ? `, more than ${maxCorrupt * 100} %` : ''}: ${corrupt
      .slice(0, listed)
      .map(({ path, reason }) => `${path} (${reason})`)
      .join(', ')}${corrupt.length > listed ? ', ...' : ''}`,
    corrupt.length > maxCorrupt * of
      ? 'Mend or remove these files, or raise `maxCorrupt`'
      : 'Give images that can be decoded',
  )

const folderBatches = (folder: ImageFolder, options: Ordered): AsyncIterable<Batch> => {
  const { batchSize, augmentation, normalization = folder.statistics, seed = 0, epoch = 0, skip = 0 } = options
  const { height, width, channels, labels, prefetch, maxCorrupt } = folder
  checkChannels(normalization, channels)
  const request = (k: number): Promise<LoadedImages> => {
    const loading = folder.load({
      indices: chosen(options, k),
      position: k * batchSize,
      augmentation,
      normalization,
      seed,
      epoch,
    })
    // The consumer that awaits it sees the failure; an iteration that ends early awaits none.
    loading.catch(() => {})
    return loading
  }
  return {
    async *[Symbol.asyncIterator]() {
      const ahead: Promise<LoadedImages>[] = []
      let given = 0
      const corrupt: CorruptImage[] = []
      for (let k = skip, next = skip; k < options.total; k++) {
        for (; next < options.total && next <= k + prefetch; next++) ahead.push(request(next))
        const loaded = await ahead.shift()!
        corrupt.push(...loaded.corrupt)
        if (corrupt.length > maxCorrupt * options.indices.length)
          throw new DatasetReadError(tooManyCorrupt(folder, corrupt, options.indices.length))
        const indices = chosen(options, k)
        const count = loaded.places.length
        given += count
        if (count > 0)
          yield {
            images: loaded.images,
            labels: Float32Array.from(loaded.places, place => labels[indices[place]!]!),
            count,
            shape: [count, height, width, channels],
          }
      }
      if (given === 0 && corrupt.length > 0)
        throw new DatasetReadError(tooManyCorrupt(folder, corrupt, options.indices.length))
    },
  }
}

/**
 * The images at `indices` in that order, in batches: augmented, normalized, NHWC. It can be iterated again, with the same
 * result; the augmentation of an image depends on seed, epoch and its position in `indices` only, not on the batch size,
 * and for image folders not on workers or cache. Pixels are read when a batch is asked for; those of an image folder are
 * prepared ahead, by `prefetch` batches, on worker threads. Throws DatasetReadError when they no longer can be.
 *
 * An image of a folder that cannot be decoded is left out of its batch, which is that much smaller (and not given if
 * nothing is left of it); more of them than the share `maxCorrupt` of `indices` are a DatasetReadError that lists them.
 */
export function batches(dataset: RecordDataset, indices: ArrayLike<number>, options: BatchOptions): Iterable<Batch>
export function batches(dataset: ImageFolder, indices: ArrayLike<number>, options: BatchOptions): AsyncIterable<Batch>
export function batches(dataset: Dataset, indices: ArrayLike<number>, options: BatchOptions): Batches
export function batches(dataset: Dataset, indices: ArrayLike<number>, options: BatchOptions): Batches {
  const ordered = { ...options, indices, total: batchCount(indices.length, options.batchSize, options.lastBatch) }
  return 'load' in dataset ? folderBatches(dataset, ordered) : recordBatches(dataset, ordered)
}
