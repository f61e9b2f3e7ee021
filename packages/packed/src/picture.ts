import type { ImageSize, PackedModel } from './program.js'

/** A picture of any size: rows of pixels of four bytes each, red, green, blue and one that is not looked at, as of a canvas (`ImageData`). */
export interface Picture {
  readonly data: Uint8Array | Uint8ClampedArray
  readonly width: number
  readonly height: number
}

/** Shares of red, green and blue in a grey: ITU-R BT.601. */
export const luma = [0.299, 0.587, 0.114] as const

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

/** Where pixels are: bytes of `stride` a pixel, red, green and blue first. */
interface Source {
  readonly data: Uint8Array | Uint8ClampedArray
  readonly width: number
  readonly stride: number
}

/** A part of a picture, in pixels. */
export interface Rectangle {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

/** A part of what the source, so many rows, is when it is resized: bytes [height, width, 3]. */
const resized = (
  { data, width: before, stride }: Source,
  rowsBefore: number,
  width: number,
  height: number,
  part: Rectangle,
): Uint8ClampedArray => {
  const columns = tapsOf(before, width, part.left, part.width)
  const rows = tapsOf(rowsBefore, height, part.top, part.height)
  const firstRow = rows[0]!.first
  const last = rows.at(-1)!
  const line = part.width * 3
  const between = new Float32Array((last.first + last.weights.length - firstRow) * line)
  for (let y = 0, at = 0; y * line < between.length; y++)
    for (const { first, weights } of columns)
      for (let c = 0; c < 3; c++) {
        let sum = 0
        for (let k = 0, from = ((firstRow + y) * before + first) * stride + c; k < weights.length; k++, from += stride)
          sum += weights[k]! * data[from]!
        between[at++] = sum
      }
  const result = new Uint8ClampedArray(part.height * line)
  for (const [y, { first, weights }] of rows.entries())
    for (let i = 0; i < line; i++) {
      let sum = 0
      for (const [k, weight] of weights.entries()) sum += weight * between[(first - firstRow + k) * line + i]!
      result[y * line + i] = Math.round(sum)
    }
  return result
}

/** Size of a picture whose short side is reduced to at most `shortSide`. */
const reducedSize = (
  { width, height }: Pick<Picture, 'width' | 'height'>,
  shortSide: number,
): readonly [width: number, height: number] => {
  const scale = Math.min(1, shortSide / Math.min(width, height))
  return [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))]
}

/** The short side of a large picture before the square is taken: 256/224 of the square's side (torchvision). Smaller ones are not enlarged to it. */
export const shortSideOf = (size: number): number => Math.round((size * 256) / 224)

/**
 * The square in the middle that a network sees: of a side of `size`, or of the whole short side where that is less, and is then
 * enlarged. Its offset is rounded to the even one of two neighbours, as in torchvision.
 */
export const centreOf = ({ width, height }: Pick<Picture, 'width' | 'height'>, size: number): Rectangle => {
  const side = Math.min(size, width, height)
  return { left: roundToEven((width - side) / 2), top: roundToEven((height - side) / 2), width: side, height: side }
}

const enlarged = (square: Uint8ClampedArray, side: number, size: number): Uint8ClampedArray =>
  side === size
    ? square
    : resized({ data: square, width: side, stride: 3 }, side, size, size, {
        left: 0,
        top: 0,
        width: size,
        height: size,
      })

/** Bytes [height, width, 3], red, green, blue. */
export interface Colours {
  readonly data: Uint8Array | Uint8ClampedArray
  readonly width: number
  readonly height: number
}

/** A picture reduced until its short side is `shortSide`, bilinear with antialiasing; a smaller one as it is. */
export const reduced = ({ data, width, height }: Colours, shortSide: number): Colours => {
  const [w, h] = reducedSize({ width, height }, shortSide)
  if (w === width && h === height) return { data, width, height }
  const part = { left: 0, top: 0, width: w, height: h }
  return { data: resized({ data, width, stride: 3 }, height, w, h, part), width: w, height: h }
}

/** The square in the middle of a reduced picture as `size` pixels square: of a picture that is smaller it is enlarged. */
export const middleSquare = ({ data, width, height }: Colours, size: number): Uint8ClampedArray => {
  const part = centreOf({ width, height }, size)
  return enlarged(resized({ data, width, stride: 3 }, height, width, height, part), part.width, size)
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
 * channel see greys. A training tests its network on the same bytes. RangeError for a picture whose data do not have its size.
 */
export const imageOf = ({ metadata, program: { image } }: PackedModel, picture: Picture): Uint8ClampedArray => {
  const { data, width, height } = picture
  if (data.length !== 4 * width * height || data.length === 0)
    throw new RangeError(`imageOf: ${width}x${height} pixels have ${4 * width * height} bytes, got ${data.length}`)
  const size = image.height
  const [w, h] = reducedSize(picture, metadata.trainedOn?.shortSide ?? shortSideOf(size))
  const part = centreOf({ width: w, height: h }, size)
  const square = resized({ data, width, stride: 4 }, height, w, h, part)
  return inChannels(enlarged(square, part.width, size), image)
}
