import {
  convGeometry,
  type Geometry,
  type Padding,
  poolGeometry,
  type Shape,
  ShapeError,
  sizeOf,
  type WindowOptions,
} from '@cpnas/backends'
import fc from 'fast-check'
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator'

/** Values of a tensor, before it is given to an engine. */
export interface Data {
  readonly values: readonly number[]
  readonly shape: Shape
}

/** Maps the index of an element and the number of elements to a value. */
type Fill = (length: number, seed: number) => readonly number[]

/** Past its first numbers, which are alike for neighbouring seeds. */
const generatorFor = (seed: number): RandomGenerator => {
  const generator = xoroshiro128plus(seed)
  for (let i = 0; i < 16; i++) generator.next()
  return generator
}

/** Uniform in (-2, 2), exact in float32. */
export const floats: Fill = (length, seed) => {
  const generator = generatorFor(seed)
  return Array.from({ length }, () => Math.fround(uniformFloat64(generator) * 3.9 - 1.95))
}

/** Uniform in (0.25, 2.25), exact in float32. */
export const positives: Fill = (length, seed) =>
  floats(length, seed)
    .map(v => (v + 2) / 2 + 0.25)
    .map(Math.fround)

/** Multiples of 1/8 in [-2, 2], all kinks and ties among them: their products and sums are exact in float32. */
export const dyadics: Fill = (length, seed) => {
  const generator = generatorFor(seed)
  return Array.from({ length }, () => uniformInt(generator, -16, 16) / 8)
}

/** In (-2, 2), no two equal and none at 0, 1 or -1: where relu, abs, max and the straight-through estimators are smooth. */
export const distinct: Fill = (length, seed) => {
  const generator = generatorFor(seed)
  const order = Array.from({ length }, (_, i) => i)
  for (let i = length - 1; i > 0; i--) {
    const j = uniformInt(generator, 0, i)
    ;[order[i], order[j]] = [order[j]!, order[i]!]
  }
  return order.map(i => ((i + 0.3) / length) * 4 - 2)
}

export const data = (fill: Fill, shape: Shape, seed: number): Data => ({ values: fill(sizeOf(shape), seed), shape })

export const mapData = (f: (value: number, i: number) => number, { values, shape }: Data): Data => ({
  values: values.map(f),
  shape,
})

export const seeds = fc.nat(0x7fffffff)

export const fewChannels = fc.integer({ min: 1, max: 9 })

/** Small odd ones, and multiples of four up to 24. */
export const channels = fc.oneof(fewChannels, fc.constantFrom(4, 8, 12, 16, 20, 24))

export const shapes = ({ minRank = 0, maxRank = 4, maxSize = 5 } = {}): fc.Arbitrary<Shape> =>
  fc.array(fc.integer({ min: 1, max: maxSize }), { minLength: minRank, maxLength: maxRank })

/** Two shapes that broadcast by NumPy's rule. */
export const broadcastingShapes: fc.Arbitrary<readonly [Shape, Shape]> = shapes().chain(whole => {
  const part = fc
    .tuple(fc.array(fc.boolean(), { minLength: whole.length, maxLength: whole.length }), fc.nat(whole.length))
    .map(([ones, missing]) => whole.map((size, axis) => (ones[axis] ? 1 : size)).slice(missing))
  return fc.tuple(part, fc.boolean()).map(([shape, swap]) => (swap ? [shape, whole] : [whole, shape]))
})

/** A shape and different axes of it. */
export const shapesWithAxes: fc.Arbitrary<{ readonly shape: Shape; readonly axes: readonly number[] }> = shapes().chain(
  shape => fc.shuffledSubarray(shape.map((_, axis) => axis)).map(axes => ({ shape, axes })),
)

/** A shape and per axis a part of it that is not empty. */
export const shapesWithParts: fc.Arbitrary<{
  readonly shape: Shape
  readonly begin: readonly number[]
  readonly size: readonly number[]
}> = shapes({ minRank: 1 }).chain(shape =>
  fc
    .tuple(
      ...shape.map(whole =>
        fc.nat(whole - 1).chain(b => fc.tuple(fc.constant(b), fc.integer({ min: 1, max: whole - b }))),
      ),
    )
    .map(parts => ({ shape, begin: parts.map(([b]) => b), size: parts.map(([, s]) => s) })),
)

/** Padding, negative for cropping, that leaves something of the image. */
const paddings = (height: number, width: number): fc.Arbitrary<Padding> => {
  const side = (size: number) =>
    fc
      .tuple(fc.integer({ min: -2, max: 4 }), fc.integer({ min: -2, max: 4 }))
      .filter(([before, after]) => size + Math.min(before, 0) + Math.min(after, 0) > 0)
  return fc.tuple(side(height), side(width)).map(([[top, bottom], [left, right]]) => ({ top, bottom, left, right }))
}

/** An image, the size of a window and how it slides, such that at least one window fits. */
export interface Window {
  readonly shape: readonly [number, number, number, number]
  readonly kernel: readonly [number, number]
  readonly options: WindowOptions
}

const windows = (
  kernels: fc.Arbitrary<readonly [number, number]>,
  channels: fc.Arbitrary<number>,
): fc.Arbitrary<Window> =>
  fc
    .record({
      batch: fc.integer({ min: 1, max: 3 }),
      height: fc.integer({ min: 1, max: 9 }),
      width: fc.integer({ min: 1, max: 9 }),
      channels,
      kernel: kernels,
      stride: fc.integer({ min: 1, max: 3 }),
      dilation: fc.integer({ min: 1, max: 3 }),
    })
    .chain(({ batch, height, width, channels, kernel, stride, dilation }) =>
      fc.option(paddings(height, width), { nil: undefined }).map(padding => ({
        shape: [batch, height, width, channels] as const,
        kernel,
        options: padding === undefined ? { stride, dilation } : { stride, dilation, padding },
      })),
    )
    .filter(({ shape, kernel, options }) => fits(() => convGeometry(shape, [...kernel, shape[3], 1], options)))

const fits = (geometry: () => Geometry): boolean => {
  try {
    geometry()
    return true
  } catch (error) {
    if (error instanceof ShapeError) return false
    throw error
  }
}

const kernelSize = fc.integer({ min: 1, max: 5 })

/** Windows of one pixel whose result has as many pixels as the image, but another height and width: it is padded below and cropped. */
const reshaping = (channels: fc.Arbitrary<number>): fc.Arbitrary<Window> =>
  fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 4 }), channels).map(([height, half, c]) => ({
    shape: [2, height, 2 * half, c],
    kernel: [1, 1],
    options: { padding: { top: 0, bottom: height, left: 0, right: -half } },
  }))

/** For convolutions: height and width of the window need not be equal. */
export const convWindows = (channels: fc.Arbitrary<number>): fc.Arbitrary<Window> => {
  const square = kernelSize.map(size => [size, size] as const)
  return fc.oneof(
    { weight: 15, arbitrary: windows(fc.oneof(square, fc.tuple(kernelSize, kernelSize)), channels) },
    { weight: 1, arbitrary: reshaping(channels) },
  )
}

/** The windows that networks pool by: 3x3 with a border of one pixel. */
const ordinaryPools = (channels: fc.Arbitrary<number>): fc.Arbitrary<Window> =>
  fc
    .record({
      height: fc.integer({ min: 1, max: 9 }),
      width: fc.integer({ min: 1, max: 9 }),
      channels,
      stride: fc.integer({ min: 1, max: 2 }),
    })
    .map(({ height, width, channels, stride }) => ({
      shape: [2, height, width, channels],
      kernel: [3, 3],
      options: { stride, padding: { top: 1, bottom: 1, left: 1, right: 1 } },
    }))

/** For pooling: square windows, each with a pixel of the image in it. */
export const poolWindows = (channels: fc.Arbitrary<number>): fc.Arbitrary<Window> => {
  const square = kernelSize.map(size => [size, size] as const)
  return fc.oneof(ordinaryPools(channels), windows(square, channels)).filter(({ shape, kernel, options }) => {
    const g = poolGeometry('pool', shape, kernel[0], options)
    const touches = (outputs: number, size: number, before: number): boolean =>
      Array.from({ length: outputs }, (_, o) => o * g.stride - before).every(start =>
        Array.from({ length: kernel[0] }, (_, tap) => start + tap * g.dilation).some(i => i >= 0 && i < size),
      )
    return touches(g.outHeight, g.inHeight, g.padTop) && touches(g.outWidth, g.inWidth, g.padLeft)
  })
}
