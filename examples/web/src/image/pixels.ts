import type { ImageSize } from '@cpnas/packed'

/** Opaque pixels, four bytes each, as a canvas has them. */
export interface Pixels {
  readonly width: number
  readonly height: number
  readonly data: Uint8ClampedArray
}

export type Colour = readonly [red: number, green: number, blue: number]

export interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

const colourAt = ({ data }: Pixels, pixel: number): Colour => [
  data[4 * pixel]!,
  data[4 * pixel + 1]!,
  data[4 * pixel + 2]!,
]

/** 0 to 255; source: ITU-R BT.601. */
export const luminance = ([red, green, blue]: Colour): number => 0.299 * red + 0.587 * green + 0.114 * blue

/** The mean of the four corners. */
export const background = (pixels: Pixels): Colour => {
  const { width, height } = pixels
  const corners = [0, width - 1, (height - 1) * width, height * width - 1].map(pixel => colourAt(pixels, pixel))
  const mean = (channel: 0 | 1 | 2): number => corners.reduce((sum, corner) => sum + corner[channel], 0) / 4
  return [mean(0), mean(1), mean(2)]
}

/** A colour counts as the background's within this share of the largest distance. Source: how Fashion-MNIST was made. */
const closeness = 0.05

/** The smallest box around all that is not of the background's colour; everything if all is. */
export const contentBox = (pixels: Pixels, ground: Colour): Box => {
  const { width, height } = pixels
  const limit = closeness * Math.hypot(255, 255, 255)
  let [left, top, right, bottom] = [width, height, -1, -1]
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const colour = colourAt(pixels, y * width + x)
      if (Math.hypot(colour[0] - ground[0], colour[1] - ground[1], colour[2] - ground[2]) <= limit) continue
      left = Math.min(left, x)
      right = Math.max(right, x)
      top = Math.min(top, y)
      bottom = Math.max(bottom, y)
    }
  return right < 0
    ? { x: 0, y: 0, width, height }
    : { x: left, y: top, width: right - left + 1, height: bottom - top + 1 }
}

/** The negative. */
export const inverted = ({ width, height, data }: Pixels): Pixels => ({
  width,
  height,
  data: data.map((byte, i) => (i % 4 === 3 ? byte : 255 - byte)),
})

/** Means over equal blocks: the bytes [height, width, channels] of an image of the network's size, grey if that is. */
export const reduce = (pixels: Pixels, { height, width, channels }: ImageSize): Uint8Array => {
  const [down, across] = [pixels.height / height, pixels.width / width]
  const sums = new Float64Array(height * width * channels)
  for (let y = 0; y < pixels.height; y++)
    for (let x = 0; x < pixels.width; x++) {
      const colour = colourAt(pixels, y * pixels.width + x)
      const at = (Math.floor(y / down) * width + Math.floor(x / across)) * channels
      if (channels === 1) sums[at]! += luminance(colour)
      else for (let c = 0; c < channels; c++) sums[at + c]! += colour[c]!
    }
  return Uint8Array.from(sums, sum => Math.round(sum / (down * across)))
}

/** Bytes [height, width, channels] as squares of `scale` pixels. */
export const enlarge = (bytes: Uint8Array, { height, width, channels }: ImageSize, scale: number): Pixels => {
  const data = new Uint8ClampedArray(4 * height * width * scale * scale).fill(255)
  for (let y = 0; y < height * scale; y++)
    for (let x = 0; x < width * scale; x++) {
      const at = (Math.floor(y / scale) * width + Math.floor(x / scale)) * channels
      for (let c = 0; c < 3; c++) data[4 * (y * width * scale + x) + c] = bytes[at + (channels === 1 ? 0 : c)]!
    }
  return { width: width * scale, height: height * scale, data }
}
