import sharp, { type Metadata } from 'sharp'
import type { Extent } from './view.js'

/** A picture in a file, or its bytes. */
export type PictureSource = string | Uint8Array

/** Bytes that a decoded picture may have, whatever its format holds back: 134 million pixels of 8-bit RGB. */
const mostDecodedBytes = 384 * 2 ** 20
/** Pixels on a side: what the cache can say. */
const longestSide = 65535

const bytesOfSample: Readonly<Record<string, number>> = { ushort: 2, short: 2, uint: 4, int: 4, float: 4, double: 8 }

/** A picture that is not decoded. Its message is the reason. */
export class UnusablePicture extends Error {}

const check = ({ width, height, channels = 4, depth = 'uchar' }: Metadata): void => {
  if (!(width > 0 && height > 0)) throw new UnusablePicture('has no size')
  const bytes = width * height * channels * (bytesOfSample[depth] ?? 1)
  if (bytes > mostDecodedBytes)
    throw new UnusablePicture(
      `is ${width}x${height} pixels, ${Math.ceil(bytes / 2 ** 20)} MiB decoded: at most ${mostDecodedBytes / 2 ** 20} MiB are`,
    )
  if (Math.max(width, height) > longestSide)
    throw new UnusablePicture(`is ${width}x${height} pixels: no side may be longer than ${longestSide}`)
}

/** A sharp on a picture whose header was read and found to be within bounds. Rejects if it is not, or is no picture. */
export const openPicture = async (source: PictureSource) => {
  // The bound is ours: libvips' own counts pixels, whatever their size.
  const image = sharp(source, { failOn: 'error', limitInputPixels: false })
  check(await image.metadata())
  return image
}

/** Width and height as the picture is seen, turned upright; undefined for what cannot be read. */
export const pictureSize = async (source: PictureSource): Promise<Extent | undefined> => {
  try {
    const { autoOrient } = await sharp(source).metadata()
    return autoOrient
  } catch {
    return undefined
  }
}
