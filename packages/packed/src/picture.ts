import type { ImageSize, PackedModel } from './program.js'

/** A picture of any size: rows of pixels of four bytes each, red, green, blue and one that is not looked at, as of a canvas (`ImageData`). */
export interface Picture {
  readonly data: Uint8Array | Uint8ClampedArray
  readonly width: number
  readonly height: number
}

/** Shares of red, green and blue in a grey: ITU-R BT.601. */
export const luma = [0.299, 0.587, 0.114] as const

/** As torchvision places the square in the middle: of two neighbours at equal distance the even one. */
const roundToEven = (x: number): number => {
  const floor = Math.floor(x)
  return x - floor === 0.5 ? floor + (floor % 2) : Math.round(x)
}

/** Which inputs an output is made of: from `first` on, with these weights, of sum 1. */
interface Taps {
  readonly first: number
  readonly weights: readonly number[]
}

/** Taps of the outputs `from`..`from + count` of an axis of `before` inputs that is resized to `after`: bilinear with antialiasing. */
const tapsOf = (before: number, after: number, from: number, count: number): readonly Taps[] => {
  const scale = before / after
  const support = Math.max(1, scale)
  return Array.from({ length: count }, (_, i) => {
    const centre = (from + i + 0.5) * scale
    const first = Math.max(0, Math.floor(centre - support + 0.5))
    const end = Math.min(before, Math.floor(centre + support + 0.5))
    const weights = Array.from({ length: end - first }, (_, k) =>
      Math.max(0, 1 - Math.abs(first + k + 0.5 - centre) / support),
    )
    const sum = weights.reduce((a, b) => a + b, 0)
    return { first, weights: weights.map(weight => weight / sum) }
  })
}

/** A square of `side` from (`left`, `top`) of a picture that is resized to `width` x `height`: bytes [side, side, 3]. */
const resized = (
  picture: Picture,
  width: number,
  height: number,
  left: number,
  top: number,
  side: number,
): Uint8ClampedArray => {
  const columns = tapsOf(picture.width, width, left, side)
  const rows = tapsOf(picture.height, height, top, side)
  const firstRow = rows[0]!.first
  const last = rows.at(-1)!
  const between = new Float32Array((last.first + last.weights.length - firstRow) * side * 3)
  for (let y = 0, at = 0; y * side * 3 < between.length; y++)
    for (const { first, weights } of columns)
      for (let c = 0; c < 3; c++) {
        let sum = 0
        for (let k = 0, from = ((firstRow + y) * picture.width + first) * 4 + c; k < weights.length; k++, from += 4)
          sum += weights[k]! * picture.data[from]!
        between[at++] = sum
      }
  const result = new Uint8ClampedArray(side * side * 3)
  for (const [y, { first, weights }] of rows.entries())
    for (let i = 0; i < side * 3; i++) {
      let sum = 0
      for (const [k, weight] of weights.entries()) sum += weight * between[(first - firstRow + k) * side * 3 + i]!
      result[y * side * 3 + i] = Math.round(sum)
    }
  return result
}

/** Colours as an image of that many channels: greys where it has one. */
const inChannels = (colours: Uint8ClampedArray, { channels }: ImageSize): Uint8ClampedArray =>
  channels === 3
    ? colours
    : Uint8ClampedArray.from({ length: colours.length / 3 }, (_, i) =>
        Math.round(luma.reduce((sum, share, c) => sum + share * colours[3 * i + c]!, 0)),
      )

/**
 * What a network sees of a picture: the bytes [height, width, channels] that `classify` and `normalize` take. A picture whose short side
 * is longer than the one that the network was trained with (`trainedOn.shortSide`, by default 256/224 of its image) is reduced to it,
 * bilinear with antialiasing; then the square in the middle is taken, and enlarged where it is smaller than the image. Networks of one
 * channel see greys. The test images of a folder are seen likewise; libvips reduces those in two steps, so a much reduced picture
 * differs by one or two of 255 on average. RangeError for a picture whose data do not have its size.
 */
export const imageOf = ({ metadata, program: { image } }: PackedModel, picture: Picture): Uint8ClampedArray => {
  const { data, width, height } = picture
  if (data.length !== 4 * width * height || data.length === 0)
    throw new RangeError(`imageOf: ${width}x${height} pixels have ${4 * width * height} bytes, got ${data.length}`)
  const size = image.height
  const short = Math.min(width, height)
  const longest = metadata.trainedOn?.shortSide ?? Math.round((size * 256) / 224)
  const scale = Math.min(1, longest / short)
  const [w, h] = [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))]
  const side = Math.min(size, w, h)
  const [left, top] = [roundToEven((w - side) / 2), roundToEven((h - side) / 2)]
  const square = resized(picture, w, h, left, top, side)
  if (side === size) return inChannels(square, image)
  const small = new Uint8Array(side * side * 4)
  for (let i = 0; i < side * side; i++) small.set(square.subarray(3 * i, 3 * i + 3), 4 * i)
  return inChannels(resized({ data: small, width: side, height: side }, size, size, 0, 0, size), image)
}
