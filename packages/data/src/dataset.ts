import { type CpnasError, formatError } from '@cpnas/core'
import { type Either, left, right } from 'fp-ts/lib/Either.js'
import type { Augmentation } from './augmentation.js'
import type { ChannelStatistics } from './catalogue.js'
import type { LeftOut } from './image-folder/left-out.js'

/** Labelled images, seen in one size. The labels are in memory; the pixels stay where they are until they are asked for. */
export interface LabelledImages {
  readonly name: string
  /** Number of images. */
  readonly count: number
  /** Pixels. */
  readonly height: number
  readonly width: number
  readonly channels: number
  /** Name of class k at position k. */
  readonly classNames: readonly string[]
  /** Class of every image, each below `classNames.length`. */
  readonly labels: Uint8Array | Uint16Array
  /** Of the full training set of this name, as published: what `batches` normalizes by. */
  readonly statistics: ChannelStatistics
  /** Closes the files; no pixels may be asked for after it. A second call does nothing. */
  close(): void
}

/** Images that lie as bytes of their size, in files or in memory: they are read at once. */
export interface RecordDataset extends LabelledImages {
  readonly labels: Uint8Array
  /**
   * Copies the images at `indices`, one after the other, to the start of `into`: bytes, [indices.length, height, width,
   * channels]. Throws RangeError at an index that is not there or an `into` too short, and DatasetReadError when the
   * file can no longer be read.
   */
  read(indices: ArrayLike<number>, into: Uint8Array): void
}

/** An image file that cannot be decoded. */
export interface CorruptImage {
  readonly path: string
  readonly reason: string
}

/** Images that are prepared for a batch: of those asked for, the ones that could be decoded, in their order. */
export interface LoadedImages {
  /** Normalized, [places.length, height, width, 3]. */
  readonly images: Float32Array
  /** Where in the request each of them stands, ascending. */
  readonly places: readonly number[]
  readonly corrupt: readonly CorruptImage[]
}

/** What `ImageFolder.load` prepares: `indices[i]` stands at `position + i` in the order of an epoch. */
export interface ImageRequest {
  readonly indices: readonly number[]
  readonly position: number
  /** Undefined: the evaluation view. */
  readonly augmentation: Augmentation | undefined
  readonly normalization: ChannelStatistics
  readonly seed: number
  readonly epoch: number
}

/** Images in files of their own, of any size, which are decoded, cropped and resized on worker threads. */
export interface ImageFolder extends LabelledImages {
  readonly labels: Uint16Array
  /** The folder of its classes' folders. */
  readonly directory: string
  /** Path of every image, or its place in a file. */
  readonly paths: readonly string[]
  /** The encoded images, where they are in memory and not at `paths`. */
  readonly contents: readonly Uint8Array[] | undefined
  /** Files of the whole folder, training and test, that are not used. */
  readonly leftOut: readonly LeftOut[]
  /** What was detected: a layout other than train/ and val/, the size of the images. Sentences without a full stop. */
  readonly notes: readonly string[]
  /** Most requests to make ahead of the one that is waited for. */
  readonly prefetch: number
  /** Above this share of images that cannot be decoded, iterating over batches throws. */
  readonly maxCorrupt: number
  /** Images that could not be decoded so far, in the order in which they were found. */
  readonly corrupt: readonly CorruptImage[]
  /** Rejects with DatasetReadError when the workers or the cache fail; images that cannot be decoded are only left out. */
  load(request: ImageRequest): Promise<LoadedImages>
}

/** Either kind of data set: what `batches` takes. */
export type Dataset = RecordDataset | ImageFolder

/** The images to train on and those to test on. */
export interface DatasetPair<D extends Dataset = Dataset> {
  readonly train: D
  readonly test: D
}

/** A data file failed under a running program (the disk is gone, the file was cut). Thrown, since reading happens inside iteration. */
export class DatasetReadError extends Error {
  override readonly name = 'DatasetReadError'
  readonly error: CpnasError

  constructor(error: CpnasError) {
    super(formatError(error))
    this.error = error
  }
}

/** A DatasetReadError that `f` throws, as a value. Anything else it throws is a bug and is rethrown. */
export const catchReadError = async <A>(f: () => Promise<A>): Promise<Either<CpnasError, A>> => {
  try {
    return right(await f())
  } catch (thrown) {
    if (thrown instanceof DatasetReadError) return left(thrown.error)
    throw thrown
  }
}

/** Bytes at positions: an open file, or memory. */
export interface ByteSource {
  /** Fills into[offset, offset + length). */
  read(position: number, into: Uint8Array, offset: number, length: number): void
  close(): void
}

export const memorySource = (bytes: Uint8Array): ByteSource => ({
  read: (position, into, offset, length) => into.set(bytes.subarray(position, position + length), offset),
  close: () => {},
})

/** Images at equal distances in a source: image k is at `first + k * stride`. */
export interface Part {
  readonly source: ByteSource
  readonly count: number
  readonly first: number
  readonly stride: number
}

export interface RecordLayout
  extends Pick<LabelledImages, 'name' | 'height' | 'width' | 'channels' | 'classNames' | 'statistics'> {
  readonly labels: Uint8Array
  readonly parts: readonly Part[]
  /** The file has one plane a channel; they are interleaved on reading. */
  readonly planar: boolean
}

const interleave = (planes: Uint8Array, channels: number, into: Uint8Array, offset: number): void => {
  const area = planes.length / channels
  for (let c = 0; c < channels; c++)
    for (let p = 0, from = c * area, to = offset + c; p < area; p++, from++, to += channels) into[to] = planes[from]!
}

/** A data set over the records of one or more sources. */
export const recordDataset = ({ parts, planar, ...facts }: RecordLayout): RecordDataset => {
  const imageBytes = facts.height * facts.width * facts.channels
  const count = parts.reduce((sum, part) => sum + part.count, 0)
  const record = new Uint8Array(imageBytes)
  const locate = (index: number): { part: Part; position: number } => {
    let k = index
    for (const part of parts) {
      if (k < part.count) return { part, position: part.first + k * part.stride }
      k -= part.count
    }
    throw new RangeError(`${facts.name}: there is no image ${index}, the data set has ${count}`)
  }
  return {
    ...facts,
    count,
    read: (indices, into) => {
      if (into.length < indices.length * imageBytes)
        throw new RangeError(`${facts.name}: ${indices.length} images do not fit ${into.length} bytes`)
      for (let i = 0; i < indices.length; i++) {
        const index = indices[i]!
        if (!(index >= 0)) throw new RangeError(`${facts.name}: there is no image ${index}`)
        const { part, position } = locate(index)
        if (!planar) part.source.read(position, into, i * imageBytes, imageBytes)
        else {
          part.source.read(position, record, 0, imageBytes)
          interleave(record, facts.channels, into, i * imageBytes)
        }
      }
    },
    close: () => {
      for (const part of parts) part.source.close()
    },
  }
}

/** A data set over pixels in memory, [labels.length, height, width, channels]; they are not copied. */
export const memoryDataset = (
  facts: Omit<RecordDataset, 'count' | 'read' | 'close'>,
  images: Uint8Array,
): RecordDataset => {
  const stride = facts.height * facts.width * facts.channels
  const count = facts.labels.length
  if (images.length !== count * stride)
    throw new RangeError(`${facts.name}: ${count} images have ${count * stride} bytes, got ${images.length}`)
  return recordDataset({ ...facts, planar: false, parts: [{ source: memorySource(images), count, first: 0, stride }] })
}
