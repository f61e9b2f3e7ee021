import { type Kernels, type SgdCoefficients, sizeOf } from '@cpnas/backends'
import fc from 'fast-check'
import { data, floats, seeds, shapes } from '../arbitraries.js'
import { absolute, describe, type KernelCase, linearCase, onOperands } from './kernel-case.js'

/** Parameters of a network are many small ones and a few that an engine shares out to threads. */
const parameterShapes = fc.oneof(
  { weight: 9, arbitrary: shapes() },
  { weight: 1, arbitrary: fc.constantFrom([3, 3, 67, 31], [40007]) },
)

const squaredNorm = fc.tuple(fc.array(parameterShapes, { minLength: 1, maxLength: 6 }), seeds).map(([shapes, seed]) =>
  linearCase(
    describe('squaredNorm', shapes, seed),
    shapes.map((shape, i) => data(floats, shape, seed + i)),
    shapes.reduce((count, shape) => count + sizeOf(shape), 1),
    (k, ...xs) => [k.squaredNorm(xs)],
  ),
)

/** Exact in float32, as the operands are. */
const coefficients = fc.record({
  learningRate: fc.constantFrom(1, 0.1, 0.025).map(Math.fround),
  momentum: fc.constantFrom(0, 0.9, 0.5).map(Math.fround),
  weightDecay: fc.constantFrom(0, 3e-4, 0.1).map(Math.fround),
})

const updates = fc.array(
  fc.record({
    shape: parameterShapes,
    hasVelocity: fc.boolean(),
    limit: fc.constantFrom(undefined, 1, 0.5),
  }),
  { minLength: 1, maxLength: 6 },
)

/** Factor times gradient, plus decay; plus momentum; times learning rate, plus parameter. */
const ROUNDINGS = 8

const sgdStep = fc
  .tuple(updates, coefficients, fc.constantFrom(undefined, 0.25, 1, 0), seeds)
  .map(([updates, coefficients, factor, seed]): KernelCase => {
    const shapes = updates.map(({ shape }) => shape)
    const operands = [
      { values: [factor ?? 1], shape: [] },
      ...shapes.flatMap((shape, i) => [0, 1, 2].map(j => data(floats, shape, seed + 3 * i + j))),
    ]
    const step =
      (coefficients: SgdCoefficients, isLimited: boolean) =>
      <H>(k: Kernels<H>, scale: H, ...handles: readonly H[]): readonly H[] =>
        k
          .sgdStep(
            updates.map(({ hasVelocity, limit }, i) => ({
              parameter: handles[3 * i]!,
              gradient: handles[3 * i + 1]!,
              velocity: hasVelocity ? handles[3 * i + 2]! : undefined,
              limit: isLimited ? limit : undefined,
            })),
            coefficients,
            factor === undefined ? undefined : scale,
          )
          .flatMap(({ parameter, velocity }) => [parameter, velocity])
    return {
      name: describe('sgdStep', shapes, updates, coefficients, factor ?? null, seed),
      run: onOperands(operands, (k, scale, ...handles) => step(coefficients, true)(k, scale!, ...handles)),
      // With a negative learning rate and no limit all results are sums of positive terms; clamping makes no error larger.
      magnitude: onOperands(operands.map(absolute), (k, scale, ...handles) =>
        step({ ...coefficients, learningRate: -coefficients.learningRate }, false)(k, scale!, ...handles),
      ),
      terms: ROUNDINGS,
    }
  })

export const optimizerCases = { squaredNorm, sgdStep }
