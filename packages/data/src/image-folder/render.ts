import { cutOut } from '../augmentation.js'
import type { ChannelStatistics } from '../catalogue.js'
import type { ColorChange, View } from './view.js'

const grey = (r: number, g: number, b: number): number => 0.2989 * r + 0.587 * g + 0.114 * b

const clamp = (x: number): number => Math.min(255, Math.max(0, x))

const meanGrey = (pixels: Float32Array): number => {
  let sum = 0
  for (let i = 0; i < pixels.length; i += 3) sum += grey(pixels[i]!, pixels[i + 1]!, pixels[i + 2]!)
  return (sum * 3) / pixels.length
}

/**
 * A change of colours in place, as torchvision defines it on tensors: a value becomes factor * value + (1 - factor) * other,
 * clipped to 0..255, where `other` is 0 (brightness), the image's mean grey (contrast) or the pixel's grey (saturation).
 *
 * @param pixels [height, width, 3], 0..255.
 */
export const changeColors = (pixels: Float32Array, { kind, factor }: ColorChange): void => {
  const constant = kind === 'contrast' ? (1 - factor) * meanGrey(pixels) : 0
  const share = kind === 'saturation' ? 1 - factor : 0
  for (let i = 0; i < pixels.length; i += 3) {
    const r = pixels[i]!
    const g = pixels[i + 1]!
    const b = pixels[i + 2]!
    const other = constant + share * grey(r, g, b)
    pixels[i] = clamp(factor * r + other)
    pixels[i + 1] = clamp(factor * g + other)
    pixels[i + 2] = clamp(factor * b + other)
  }
}

/** Pixel (y, x) is that at (y + dy, x + dx), black outside. @param from Bytes, [size, size, 3]. */
export const shifted = (
  from: Uint8Array,
  size: number,
  { dy, dx }: { readonly dy: number; readonly dx: number },
): Uint8Array => {
  if (dy === 0 && dx === 0) return from
  const to = new Uint8Array(from.length)
  const [left, right] = [Math.max(0, -dx), Math.min(size, size - dx)]
  for (let y = Math.max(0, -dy); y < Math.min(size, size - dy); y++)
    if (right > left)
      to.set(
        from.subarray(((y + dy) * size + left + dx) * 3, ((y + dy) * size + right + dx) * 3),
        (y * size + left) * 3,
      )
  return to
}

/** Writes an image, mirrored, coloured, normalized and cut out of, to `into` at `to`. @param from Bytes, [size, size, 3], the view's part. */
export const renderView = (
  from: Uint8Array | Uint8ClampedArray,
  size: number,
  { flip, colors, cutout }: Pick<View, 'flip' | 'colors' | 'cutout'>,
  { mean, std }: ChannelStatistics,
  into: Float32Array,
  to: number,
): void => {
  const pixels = into.subarray(to, to + size * size * 3)
  if (flip)
    for (let row = 0; row < size; row++)
      for (let x = 0, out = row * size * 3, i = out + (size - 1) * 3; x < size; x++, out += 3, i -= 3) {
        pixels[out] = from[i]!
        pixels[out + 1] = from[i + 1]!
        pixels[out + 2] = from[i + 2]!
      }
  else pixels.set(from)
  for (const change of colors) changeColors(pixels, change)
  for (let c = 0; c < 3; c++) {
    const m = mean[c]!
    const s = std[c]! || 1
    for (let i = c; i < pixels.length; i += 3) pixels[i] = (pixels[i]! / 255 - m) / s
  }
  cutOut(cutout, { width: size, channels: 3 }, into, to)
}
