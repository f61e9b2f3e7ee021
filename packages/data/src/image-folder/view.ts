import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator'
import { type Augmentation, cutoutAt, type Transform } from '../augmentation.js'
import { generator, purposes } from '../random.js'

/** Pixels. */
export interface Extent {
  readonly width: number
  readonly height: number
}

/** A part of an image, in pixels. */
export interface Rectangle extends Extent {
  readonly left: number
  readonly top: number
}

/** One random change of colours. */
export interface ColorChange {
  readonly kind: 'brightness' | 'contrast' | 'saturation'
  /** 1 changes nothing; 0 gives black, the image's mean grey, or greys. */
  readonly factor: number
}

/** How an image is seen: a part of it is resized to the size of the batch, mirrored, coloured, normalized, cut out of. */
export interface View {
  readonly crop: Rectangle
  readonly flip: boolean
  /** In the order in which they are made. */
  readonly colors: readonly ColorChange[]
  readonly cutout: Transform['cutout']
}

/** What the short side of an image is brought to before a view is taken of it: 256/224 of the view's size. */
export const shortSideOf = (imageSize: number): number => Math.round((imageSize * 256) / 224)

/** The size to which `extent` is resized, its short side to `shortSide`; the long side is rounded down (torchvision). */
export const resized = ({ width, height }: Extent, shortSide: number): Extent =>
  width <= height
    ? { width: shortSide, height: Math.max(shortSide, Math.floor((shortSide * height) / width)) }
    : { width: Math.max(shortSide, Math.floor((shortSide * width) / height)), height: shortSide }

/** The square in the middle; its offset is rounded to the even one of two neighbours, as in torchvision. */
export const centre = ({ width, height }: Extent, size: number): Rectangle => ({
  left: roundToEven((width - size) / 2),
  top: roundToEven((height - size) / 2),
  width: size,
  height: size,
})

const roundToEven = (x: number): number => {
  const floor = Math.floor(x)
  return x - floor === 0.5 ? floor + (floor % 2) : Math.round(x)
}

const attempts = 10
const leastRatio = 3 / 4
const largestRatio = 4 / 3

/**
 * The part of an image that is trained with, as in Inception (Szegedy et al. 2015): a rectangle anywhere, its share of the
 * area uniform in `leastArea`..1, the logarithm of its ratio of width to height uniform between those of 3/4 and 4/3. What
 * does not fit is drawn again; after ten attempts it is the largest part in the middle whose ratio is in the range
 * (torchvision's RandomResizedCrop).
 */
export const randomCrop = (random: RandomGenerator, { width, height }: Extent, leastArea: number): Rectangle => {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const area = width * height * (leastArea + (1 - leastArea) * uniformFloat64(random))
    const ratio = Math.exp(Math.log(leastRatio) + Math.log(largestRatio / leastRatio) * uniformFloat64(random))
    const w = Math.round(Math.sqrt(area * ratio))
    const h = Math.round(Math.sqrt(area / ratio))
    if (w > 0 && h > 0 && w <= width && h <= height)
      return { left: uniformInt(random, 0, width - w), top: uniformInt(random, 0, height - h), width: w, height: h }
  }
  const w = Math.min(width, Math.max(1, Math.round(height * largestRatio)))
  const h = Math.min(height, Math.max(1, Math.round(width / leastRatio)))
  return { left: (width - w) >> 1, top: (height - h) >> 1, width: w, height: h }
}

/** Each factor uniform in max(0, 1 - strength)..1 + strength, in a random order (torchvision's ColorJitter). */
const randomColors = (random: RandomGenerator, strength: number): readonly ColorChange[] => {
  if (strength === 0) return []
  const least = Math.max(0, 1 - strength)
  const left: ColorChange['kind'][] = ['brightness', 'contrast', 'saturation']
  const colors: ColorChange[] = []
  while (left.length > 0) {
    const [kind] = left.splice(uniformInt(random, 0, left.length - 1), 1)
    colors.push({ kind: kind!, factor: least + (1 + strength - least) * uniformFloat64(random) })
  }
  return colors
}

/** How the image at `position` of an epoch's order is seen in training: a pure function of its arguments. @param extent Of the image. */
export const viewAt = (
  { flip = false, cutout = 0, colorJitter = 0, cropArea = 0.08 }: Augmentation,
  extent: Extent,
  size: number,
  seed: number,
  epoch: number,
  position: number,
): View => {
  const random = generator(seed, purposes.view, epoch, position)
  const mirrored = uniformInt(random, 0, 1) === 1
  const colors = randomColors(random, colorJitter)
  const square = cutoutAt(random, cutout, { height: size, width: size })
  return { crop: randomCrop(random, extent, cropArea), flip: flip && mirrored, colors, cutout: square }
}
