import type { Rectangle } from '@cpnas/packed'
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator'
import { type Augmentation, type CropScale, cutoutAt, type Transform } from '../augmentation.js'
import { generator, purposes } from '../random.js'

export { centreOf, type Rectangle, shortSideOf } from '@cpnas/packed'

/** Pixels. */
export interface Extent {
  readonly width: number
  readonly height: number
}

/** One random change of colours. */
export interface ColorChange {
  readonly kind: 'brightness' | 'contrast' | 'saturation'
  /** 1 changes nothing; 0 gives black, the image's mean grey, or greys. */
  readonly factor: number
}

/** What of an image is seen: a part that is resized, or all that the evaluation sees, moved by some pixels over black. */
type Part =
  | { readonly kind: 'rectangle'; readonly rectangle: Rectangle }
  | { readonly kind: 'shift'; readonly dy: number; readonly dx: number }

/** How an image is seen: a part of it is brought to the size of the batch, mirrored, coloured, normalized, cut out of. */
export interface View {
  readonly part: Part
  readonly flip: boolean
  /** In the order in which they are made. */
  readonly colors: readonly ColorChange[]
  readonly cutout: Transform['cutout']
}

const attempts = 10
const leastRatio = 3 / 4
const largestRatio = 4 / 3

/**
 * The part of an image that is trained with, as in Inception (Szegedy et al. 2015): a rectangle anywhere, its share of the
 * area uniform in `least`..`largest`, the logarithm of its ratio of width to height uniform between those of 3/4 and 4/3. What
 * does not fit is drawn again; after ten attempts it is the largest part in the middle whose ratio is in the range
 * (torchvision's RandomResizedCrop).
 */
const randomCrop = (random: RandomGenerator, { width, height }: Extent, [least, largest]: CropScale): Rectangle => {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const area = width * height * (least + (largest - least) * uniformFloat64(random))
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
  { crop = 0, cropScale, flip = false, cutout = 0, colorJitter = 0 }: Augmentation,
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
  const part: Part =
    cropScale === undefined
      ? { kind: 'shift', dy: uniformInt(random, -crop, crop), dx: uniformInt(random, -crop, crop) }
      : { kind: 'rectangle', rectangle: randomCrop(random, extent, cropScale) }
  return { part, flip: flip && mirrored, colors, cutout: square }
}
