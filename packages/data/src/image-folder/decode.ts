import { reduced } from '@cpnas/packed'
import sharp, { type Sharp } from 'sharp'
import { openPicture, type PictureSource } from './picture-size.js'
import type { Extent, Rectangle } from './view.js'

// One image at a time on each of our threads: libvips need not divide it further, nor keep what is not seen again soon.
sharp.concurrency(1)
sharp.cache(false)

/** How pictures are reduced: fast, by libvips while it decodes, to train with; or exactly as @cpnas/packed shows them to a network. */
export type Reduction = 'fast' | 'exact'

/** What the result of `decode` depends on besides the file; part of the name of a cache's files. */
export const decoderOf = (reduction: Reduction): string =>
  `${reduction === 'exact' ? 'exact-' : ''}libvips-${sharp.versions.vips}`

/** Bytes, [height, width, 3], red, green, blue. */
export interface Pixels extends Extent {
  readonly bytes: Uint8Array
}

const kernel = 'linear'

const raw = async (image: Sharp): Promise<Pixels> => {
  const { data, info } = await image.raw().toBuffer({ resolveWithObject: true })
  if (info.channels !== 3) throw new Error(`has ${info.channels} channels after conversion to RGB`)
  return { bytes: data, width: info.width, height: info.height }
}

/**
 * Decodes an image file: turned upright by its EXIF orientation, converted to sRGB (from greys, palettes, CMYK), without
 * transparency, and reduced until its short side is `shortSide`; smaller ones stay as they are. Of an animation it is the first
 * picture. Rejects if the file is cut short or damaged, no image, or larger than `mostDecodedBytes`.
 */
export const decode = async (source: PictureSource, shortSide: number, reduction: Reduction): Promise<Pixels> => {
  const picture = (await openPicture(source)).autoOrient().removeAlpha().toColourspace('srgb')
  if (reduction === 'fast')
    return raw(picture.resize(shortSide, shortSide, { fit: 'outside', withoutEnlargement: true, kernel }))
  const { bytes, width, height } = await raw(picture)
  const { data, ...extent } = reduced({ data: bytes, width, height }, shortSide)
  return { bytes: new Uint8Array(data.buffer, data.byteOffset, data.length), ...extent }
}

const open = ({ bytes, width, height }: Pixels): Sharp => sharp(bytes, { raw: { width, height, channels: 3 } })

const copied = ({ bytes, width }: Pixels, { left, top, width: w, height: h }: Rectangle): Uint8Array => {
  const part = new Uint8Array(w * h * 3)
  for (let y = 0; y < h; y++) {
    const from = ((top + y) * width + left) * 3
    part.set(bytes.subarray(from, from + w * 3), y * w * 3)
  }
  return part
}

/** A part of an image resized to `size` pixels square, bilinear with antialiasing. */
export const resizeCrop = async (pixels: Pixels, crop: Rectangle, size: number): Promise<Uint8Array> =>
  crop.width === size && crop.height === size
    ? copied(pixels, crop)
    : (await raw(open(pixels).extract(crop).resize(size, size, { fit: 'fill', kernel }))).bytes
