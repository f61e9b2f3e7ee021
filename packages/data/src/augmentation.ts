import { type CpnasError, cpnasError } from '@cpnas/core'
import { type Either, left, right } from 'fp-ts/lib/Either.js'
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator'
import { generator, purposes } from './random.js'

/** Least and largest share of an image's area, above 0 and at most 1, that a random crop has before it is resized. */
export type CropScale = readonly [least: number, largest: number]

/** That of Inception, and of ImageNet since. */
const imagenetCropScale: CropScale = [0.08, 1]

/** Image folders of images up to this size are cropped from padding, like CIFAR's, unless something else is asked for. */
const smallImage = 64

/**
 * Augmentation of training images; the usual choice for CIFAR is {crop: 4, flip: true}, with cutout 16 in final training (DARTS), that for
 * ImageNet {cropScale: [0.08, 1], flip: true, colorJitter: 0.4}.
 */
export interface Augmentation {
  /** Pixels of black padding at every border, from which a crop of the image's size is taken at random. Default 0: none. No effect beside `cropScale`. */
  readonly crop?: number
  /** Image folders only. The crop is a random rectangle of such a share of the image, resized. Default: none, the crop is that of `crop`. */
  readonly cropScale?: CropScale
  /** Mirror left and right with probability 1/2. Default false. */
  readonly flip?: boolean
  /** Side in pixels of a square set to 0 after normalization, its centre anywhere in the image (DeVries and Taylor 2017). Default 0: none. */
  readonly cutout?: number
  /** Image folders only. Strength s: brightness, contrast and saturation by factors within 1 - s..1 + s each. Default 0: none. */
  readonly colorJitter?: number
}

/** A range, none, or `auto`, which depends on the images. */
export type CropScaleOption = 'auto' | 'none' | CropScale

/** The augmentation of a configuration; `colorJitter` is 0 where it has none. */
export interface AugmentationOptions extends Required<Pick<Augmentation, 'crop' | 'flip' | 'cutout'>> {
  readonly cropScale: CropScaleOption
  readonly colorJitter?: number
}

/** The properties of a data set that augmentation depends on: its size, and whether it is an image folder (which has `load`). */
export type Augmented = Pick<ImageShape, 'height'> & { readonly load?: unknown }

const folderOnly = (where: string, value: unknown, remedy: string): Either<CpnasError, never> =>
  left(cpnasError('InvalidOption', where, `${String(value)} works on image folders only`, `Give ${remedy}`))

/**
 * The augmentation of the training images of a data set. A `cropScale` of `auto` is ImageNet's for an image folder seen in more than 64
 * pixels, so large images are cropped and resized at random; none for smaller ones. InvalidOption: it would have no effect.
 */
export const augmentationFor = (
  { crop, cropScale, flip, cutout, colorJitter = 0 }: AugmentationOptions,
  { load, height }: Augmented,
): Either<CpnasError, Augmentation> => {
  const usual = { crop, flip, cutout }
  if (load === undefined) {
    if (typeof cropScale !== 'string') return folderOnly('cropScale', cropScale, 'auto')
    return colorJitter === 0 ? right(usual) : folderOnly('colorJitter', colorJitter, '0')
  }
  const range =
    typeof cropScale !== 'string'
      ? cropScale
      : cropScale === 'auto' && height > smallImage
        ? imagenetCropScale
        : undefined
  return right({ ...usual, colorJitter, ...(range === undefined ? {} : { cropScale: range }) })
}

/** One image's augmentation: first the crop, then the flip, normalization, the cutout. */
export interface Transform {
  /** Output pixel (y, x) of the crop is input pixel (y + dy, x + dx), black outside: offset minus padding, -crop..crop. */
  readonly dy: number
  readonly dx: number
  readonly flip: boolean
  /** Rows top..bottom-1 and columns left..right-1, within the image; empty if there is no cutout. */
  readonly cutout: { readonly top: number; readonly bottom: number; readonly left: number; readonly right: number }
}

/** Pixels of an image, and values of a pixel. */
export interface ImageShape {
  readonly height: number
  readonly width: number
  readonly channels: number
}

const noCutout = { top: 0, bottom: 0, left: 0, right: 0 } as const
export const identity: Transform = { dy: 0, dx: 0, flip: false, cutout: noCutout }

/** The side of the square that lies in 0..size, for a square that begins at `start`. */
const clip = (start: number, length: number, size: number): readonly [number, number] => [
  Math.max(0, start),
  Math.min(size, start + length),
]

/** A square of side `cutout` whose centre is anywhere in the image, cut at its borders. */
export const cutoutAt = (
  random: RandomGenerator,
  cutout: number,
  { height, width }: Omit<ImageShape, 'channels'>,
): Transform['cutout'] => {
  if (cutout === 0) return noCutout
  const [top, bottom] = clip(uniformInt(random, 0, height - 1) - (cutout >> 1), cutout, height)
  const [left, right] = clip(uniformInt(random, 0, width - 1) - (cutout >> 1), cutout, width)
  return { top, bottom, left, right }
}

/** The augmentation of the image at `position` of an epoch's order: a pure function of its arguments. */
export const transformAt = (
  { crop = 0, flip = false, cutout = 0 }: Augmentation,
  { height, width }: Omit<ImageShape, 'channels'>,
  seed: number,
  epoch: number,
  position: number,
): Transform => {
  const random = generator(seed, purposes.augmentation, epoch, position)
  const dy = uniformInt(random, -crop, crop)
  const dx = uniformInt(random, -crop, crop)
  const mirrored = uniformInt(random, 0, 1) === 1
  return { dy, dx, flip: flip && mirrored, cutout: cutoutAt(random, cutout, { height, width }) }
}

/**
 * Writes one image, transformed and normalized, to `into` at `to`.
 *
 * @param from Bytes, [height, width, channels].
 * @param values Normalized value of byte b in channel c at c * 256 + b.
 */
export const renderImage = (
  from: Uint8Array,
  { height, width, channels }: ImageShape,
  values: Float32Array,
  { dy, dx, flip, cutout }: Transform,
  into: Float32Array,
  to: number,
): void => {
  for (let y = 0, out = to; y < height; y++) {
    const row = y + dy
    const inside = row >= 0 && row < height
    for (let x = 0, column = flip ? width - 1 + dx : dx; x < width; x++, column += flip ? -1 : 1) {
      if (inside && column >= 0 && column < width)
        for (let c = 0, i = (row * width + column) * channels; c < channels; c++)
          into[out++] = values[c * 256 + from[i + c]!]!
      else for (let c = 0; c < channels; c++) into[out++] = values[c * 256]!
    }
  }
  cutOut(cutout, { width, channels }, into, to)
}

/** Sets the square to 0 in the image at `to`. */
export const cutOut = (
  { top, bottom, left, right }: Transform['cutout'],
  { width, channels }: Pick<ImageShape, 'width' | 'channels'>,
  into: Float32Array,
  to: number,
): void => {
  for (let y = top; y < bottom; y++)
    into.fill(0, to + (y * width + left) * channels, to + (y * width + right) * channels)
}
