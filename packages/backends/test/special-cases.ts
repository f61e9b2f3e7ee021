import { convGeometry, outputShape, poolGeometry, type Shape } from '@cpnas/backends'
import fc from 'fast-check'
import { channels, type Data, data, dyadics, poolWindows, seeds } from './arbitraries.js'
import { binaryOperations, unaryOperations } from './kernel-cases/elementwise.js'
import { describe, type KernelCase, onOperands } from './kernel-cases/kernel-case.js'

/** Multiples of 1/8 with NaN and the infinities among them. */
const specials = (length: number, seed: number): readonly number[] => {
  const special = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  const choices = dyadics(length, seed + 100)
  return dyadics(length, seed).map((v, i) => special[Math.round((choices[i]! + 2) * 2)] ?? v)
}

/** Elements of one kernel's results are all below `size`, unless they are infinite. */
const specialCase = (
  name: string,
  operands: readonly Data[],
  shapes: readonly Shape[],
  f: Parameters<typeof onOperands>[1],
  size = 16,
): KernelCase => ({
  name,
  run: onOperands(operands, f),
  magnitude: k => shapes.map(shape => k.fill(size, shape)),
  terms: 8,
})

const sizes = fc.integer({ min: 1, max: 40 })

const unary = fc
  .tuple(fc.constantFrom(...unaryOperations), sizes, seeds)
  .map(([operation, size, seed]) =>
    specialCase(describe(`unary ${operation}`, [[size]], seed), [data(specials, [size], seed)], [[size]], (k, x) => [
      k.unary(operation, x!),
    ]),
  )

const binary = fc
  .tuple(fc.constantFrom(...binaryOperations), sizes, fc.boolean(), seeds)
  .map(([operation, size, broadcast, seed]) => {
    const [left, right] = [data(specials, [size], seed), data(specials, broadcast ? [1] : [size], seed + 1)]
    return specialCase(
      describe(`binary ${operation}`, [left.shape, right.shape], seed),
      [left, right],
      [[size]],
      (k, a, b) => [k.binary(operation, a!, b!)],
    )
  })

const affineSum = fc.tuple(sizes, channels, seeds).map(([rows, c, seed]) => {
  const shape = [rows, c]
  return specialCase(
    describe('affineSum', [shape], seed),
    [data(specials, shape, seed), data(specials, shape, seed + 1), data(dyadics, [c], seed + 2)],
    [shape],
    (k, x, y, scale) => [k.affineSum([{ x: x! }, { x: y!, scale: scale! }], undefined)],
  )
})

const argMax = fc
  .tuple(sizes, fc.integer({ min: 1, max: 9 }), seeds)
  .map(([rows, classes, seed]) =>
    specialCase(
      describe('argMax', [[rows, classes]], seed),
      [data(specials, [rows, classes], seed)],
      [[rows]],
      (k, x) => [k.argMax(x!)],
    ),
  )

/** Half of the windows have nothing but what is special, ties among them. */
const pools = fc
  .record({ window: poolWindows(channels), withInto: fc.boolean(), seed: seeds })
  .map(({ window: { shape, kernel, options }, seed }) => {
    const g = poolGeometry('pool', shape, kernel[0], options)
    return {
      x: data(specials, shape, seed),
      dy: data(dyadics, outputShape(g), seed + 1),
      g,
      shape,
      kernel,
      options,
      seed,
    }
  })

const maxPool = pools.map(({ x, g, shape, kernel, options, seed }) =>
  specialCase(describe('maxPool', [shape], kernel[0], options, seed), [x], [outputShape(g)], (k, x) => [
    k.maxPool(x!, g),
  ]),
)

const maxPoolGrad = pools.map(({ x, dy, g, shape, kernel, options, seed }) =>
  specialCase(describe('maxPoolGrad', [shape], kernel[0], options, seed), [x, dy], [shape], (k, x, dy) => [
    k.maxPoolGrad(dy!, x!, g),
  ]),
)

/** What the activation of a prologue and its slope make of them, in a convolution that is a product. */
const prologue = fc
  .tuple(
    fc.constantFrom('relu' as const, 'sign' as const, 'sign-polynomial' as const),
    fc.integer({ min: 1, max: 6 }),
    fc.integer({ min: 1, max: 6 }),
    seeds,
  )
  .map(([activation, inputs, outputs, seed]) => {
    const shape = [2, 3, 3, inputs]
    const g = convGeometry(shape, [1, 1, inputs, outputs], {})
    return specialCase(
      describe(`conv2d ${activation}`, [shape], outputs, seed),
      [
        data(specials, shape, seed),
        { values: Array.from({ length: inputs * outputs }, (_, i) => (i % 4) + 1), shape: [1, 1, inputs, outputs] },
        data(dyadics, outputShape(g), seed + 1),
      ],
      [outputShape(g), shape],
      (k, x, w, dy) => [
        k.conv2d(x!, w!, g, { activation }),
        k.conv2dGrad({ dy: dy! }, w!, x!, g, { activation }, { filters: false, input: {} }).input!,
      ],
      128,
    )
  })

const scaledSign = fc
  .tuple(sizes, channels, seeds)
  .map(([rows, c, seed]) =>
    specialCase(describe('scaledSign', [[rows, c]], seed), [data(specials, [rows, c], seed)], [[rows, c]], (k, x) => [
      k.scaledSign(x!, 'channel'),
    ]),
  )

const sgdStep = fc.tuple(sizes, seeds).map(([size, seed]) =>
  specialCase(
    describe('sgdStep', [[size]], seed),
    [data(specials, [size], seed), data(specials, [size], seed + 1)],
    [[size], [size]],
    (k, parameter, gradient) => {
      const [updated] = k.sgdStep([{ parameter: parameter!, gradient: gradient!, limit: 1 }], {
        learningRate: 0.5,
        momentum: 0.5,
        weightDecay: 0.5,
      })
      return [updated!.parameter, updated!.velocity]
    },
  ),
)

const adamStep = fc.tuple(sizes, seeds).map(([size, seed]) =>
  specialCase(
    describe('adamStep', [[size]], seed),
    [0, 1, 2].map(i => data(specials, [size], seed + i)),
    [[size], [size], [size]],
    (k, parameter, gradient, first) => {
      const [updated] = k.adamStep([{ parameter: parameter!, gradient: gradient!, first: first!, limit: 1 }], {
        learningRate: 0.5,
        beta1: 0.5,
        beta2: 0.75,
        epsilon: 0.25,
        weightDecay: 0.5,
        step: 1,
      })
      return [updated!.parameter, updated!.first, updated!.second]
    },
  ),
)

/** Logits of -Infinity are probabilities of 0. */
const softmax = fc
  .tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 2, max: 9 }), seeds)
  .map(([rows, classes, seed]) => {
    const logits = dyadics(rows * classes, seed).map((v, i) =>
      v > 0 && i % classes > 0 ? Number.NEGATIVE_INFINITY : v,
    )
    return specialCase(
      describe('softmaxCrossEntropy', [[rows, classes]], seed),
      [
        { values: logits, shape: [rows, classes] },
        { values: Array.from({ length: rows }, (_, row) => (row % 2) * (classes - 1)), shape: [rows] },
        { values: [1], shape: [] },
      ],
      [[], [rows, classes]],
      (k, logits, labels, dy) => [
        k.softmaxCrossEntropy(logits!, labels!),
        k.softmaxCrossEntropyGrad(dy!, logits!, labels!),
      ],
    )
  })

const all: Readonly<Record<string, fc.Arbitrary<KernelCase>>> = {
  unary,
  binary,
  affineSum,
  argMax,
  maxPool,
  maxPoolGrad,
  prologue,
  scaledSign,
  sgdStep,
  adamStep,
  softmax,
}

/** Calls of kernels whose operands are not numbers or infinite here and there, where the reference says what follows. */
export const specialCases: readonly (readonly [string, fc.Arbitrary<KernelCase>])[] = Object.entries(all).map(
  ([kernel, cases]) => [
    kernel,
    cases.map(kernelCase => ({ ...kernelCase, [fc.toStringMethod]: () => kernelCase.name })),
  ],
)
