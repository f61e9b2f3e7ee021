import { type Augmentation, identity, renderImage, transformAt } from './augmentation.js'
import type { ChannelStatistics } from './catalogue.js'
import type { Dataset } from './dataset.js'

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
  /** What becomes of a last batch smaller than the others. Default 'keep'. */
  readonly lastBatch?: 'keep' | 'drop'
}

export interface Batch {
  /** [count, height, width, channels], row-major; fresh memory for every batch. */
  readonly images: Float32Array
  /** Class indices, [count]. */
  readonly labels: Float32Array
  readonly count: number
  readonly shape: readonly [count: number, height: number, width: number, channels: number]
}

const checkBatchSize = (batchSize: number): void => {
  if (!Number.isInteger(batchSize) || batchSize < 1)
    throw new RangeError(`batches: the batch size must be a positive integer, got ${batchSize}`)
}

/** How many batches `batches` gives for `images` images. @param lastBatch Default 'keep'. */
export const batchCount = (images: number, batchSize: number, lastBatch: 'keep' | 'drop' = 'keep'): number => {
  checkBatchSize(batchSize)
  return lastBatch === 'keep' ? Math.ceil(images / batchSize) : Math.floor(images / batchSize)
}

/** The normalized value of byte b in channel c at c * 256 + b. */
const valueTable = ({ mean, std }: ChannelStatistics, channels: number): Float32Array => {
  if (mean.length !== channels || std.length !== channels)
    throw new RangeError(`batches: the images have ${channels} channels, the normalization ${mean.length}`)
  return Float32Array.from({ length: channels * 256 }, (_, i) => {
    const c = i >> 8
    return ((i & 255) / 255 - mean[c]!) / (std[c]! || 1)
  })
}

/**
 * The images at `indices` in that order, in batches: augmented, normalized, NHWC. It can be iterated again, with the same
 * result; the augmentation of an image depends on seed, epoch and its position in `indices` only, not on the batch size.
 * Pixels are read when a batch is asked for. Throws DatasetReadError when they no longer can be.
 */
export const batches = (
  dataset: Dataset,
  indices: ArrayLike<number>,
  {
    batchSize,
    augmentation,
    normalization = dataset.statistics,
    seed = 0,
    epoch = 0,
    lastBatch = 'keep',
  }: BatchOptions,
): Iterable<Batch> => {
  const { height, width, channels, labels } = dataset
  const size = height * width * channels
  const total = batchCount(indices.length, batchSize, lastBatch)
  const values = valueTable(normalization, channels)
  const batch = (begin: number, bytes: Uint8Array): Batch => {
    const chosen = Array.from({ length: Math.min(batchSize, indices.length - begin) }, (_, i) => indices[begin + i]!)
    dataset.read(chosen, bytes)
    const images = new Float32Array(chosen.length * size)
    for (let i = 0; i < chosen.length; i++) {
      const transform = augmentation ? transformAt(augmentation, dataset, seed, epoch, begin + i) : identity
      renderImage(bytes.subarray(i * size, (i + 1) * size), dataset, values, transform, images, i * size)
    }
    return {
      images,
      labels: Float32Array.from(chosen, index => labels[index]!),
      count: chosen.length,
      shape: [chosen.length, height, width, channels],
    }
  }
  return {
    *[Symbol.iterator]() {
      const bytes = new Uint8Array(Math.min(batchSize, indices.length) * size)
      for (let i = 0; i < total; i++) yield batch(i * batchSize, bytes)
    },
  }
}
