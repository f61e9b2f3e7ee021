import { type Geometry, sizeOf } from '@cpnas/backends'
import type { Constant } from '../graph-nodes.js'
import type { Attribute } from './proto.js'

/** Where an axis of [batch, height, width, channels] is in [batch, channels, height, width]. */
export const axisOf = (axis: number, rank: number): number => (rank === 4 ? [0, 2, 3, 1][axis]! : axis)

/** A shape of maps with their channels before the pixels. */
export const channelsFirst = ([batch, height, width, channels]: readonly number[]): readonly number[] => [
  batch!,
  channels!,
  height!,
  width!,
]

export interface Filters {
  /** [outputs, inputs, kh, kw], of a depthwise convolution [channels, 1, kh, kw]. */
  readonly shape: readonly number[]
  readonly values: Float64Array
}

/** Filters [kh, kw, inputs, outputs] or [kh, kw, channels], those of output c times `factor(c)`. */
export const filtersOf = ({ shape, values }: Constant, factor: (output: number) => number): Filters => {
  const [height, width, inputs, outputs] = shape.length === 4 ? shape : [shape[0], shape[1], 1, shape[2]]
  const taps = height! * width!
  const turned = new Float64Array(sizeOf(shape))
  for (let tap = 0, from = 0; tap < taps; tap++)
    for (let i = 0; i < inputs!; i++)
      for (let o = 0; o < outputs!; o++, from++) turned[(o * inputs! + i) * taps + tap] = values[from]! * factor(o)
  return { shape: [outputs!, inputs!, height!, width!], values: turned }
}

/** The magnitude of each output's filter values where they have but one each, as 1-bit filters do; else undefined. */
export const magnitudesOf = ({ shape, values }: Constant): Float64Array | undefined => {
  const outputs = shape.at(-1)!
  const magnitudes = Float64Array.from(values.subarray(0, outputs), Math.abs)
  return values.every((value, i) => Math.abs(value) === magnitudes[i % outputs]) ? magnitudes : undefined
}

/** The sliding window of an operator. A border that the graph crops is left to be cropped before. */
export const windowOf = (g: Geometry): Readonly<Record<string, Attribute>> => {
  const end = (size: number, before: number, places: number, kernel: number) =>
    Math.max(0, (places - 1) * g.stride + g.dilation * (kernel - 1) + 1 - size - before)
  return {
    kernel_shape: [g.kernelHeight, g.kernelWidth],
    strides: [g.stride, g.stride],
    ...(g.dilation !== 1 && { dilations: [g.dilation, g.dilation] }),
    pads: [
      Math.max(0, g.padTop),
      Math.max(0, g.padLeft),
      end(g.inHeight, g.padTop, g.outHeight, g.kernelHeight),
      end(g.inWidth, g.padLeft, g.outWidth, g.kernelWidth),
    ],
  }
}
