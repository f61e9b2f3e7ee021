import {
  type AdamCoefficients,
  type AdamUpdate,
  type Kernels,
  type SgdCoefficients,
  type Shape,
  sizeOf,
} from '@cpnas/backends'
import fc from 'fast-check'
import { type Data, data, floats, seeds, shapes } from '../arbitraries.js'
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
const exactly = (...values: readonly number[]) => fc.constantFrom(...values.map(Math.fround))

const sgdCoefficients = fc.record({
  learningRate: exactly(1, 0.1, 0.025),
  momentum: exactly(0, 0.9, 0.5),
  weightDecay: exactly(0, 3e-4, 0.1),
})

const adamCoefficients = fc.record({
  learningRate: exactly(1, 0.1, 0.025),
  beta1: exactly(0, 0.9, 0.5),
  beta2: exactly(0, 0.999, 0.5),
  epsilon: exactly(1e-8, 1e-3, 1),
  weightDecay: exactly(0, 3e-4, 0.1),
  step: fc.constantFrom(1, 2, 1000),
})

const factors = fc.constantFrom(undefined, 0.25, 1, 0)

/** Whether a parameter has been updated before, and how large it may become. */
const updates = fc.array(
  fc.record({
    shape: parameterShapes,
    later: fc.boolean(),
    limit: fc.constantFrom(undefined, 1, 0.5),
  }),
  { minLength: 1, maxLength: 6 },
)

/** Of one parameter: itself, its gradient, and two tensors that are remembered. */
const PARTS = 4
const partsOf = <H>(handles: readonly H[], i: number) => {
  const [parameter, gradient, first, second] = handles.slice(PARTS * i, PARTS * (i + 1))
  return { parameter: parameter!, gradient: gradient!, first: first!, second: second! }
}

const operandsOf = (shapes: readonly Shape[], factor: number | undefined, seed: number): readonly Data[] => [
  { values: [factor ?? 1], shape: [] },
  ...shapes.flatMap((shape, i) => {
    const [parameter, gradient, first, second] = [0, 1, 2, 3].map(j => data(floats, shape, seed + PARTS * i + j))
    // An average of squares.
    return [parameter!, gradient!, first!, absolute(second!)]
  }),
]

/** Factor times gradient, plus decay; plus momentum; times learning rate, plus parameter. */
const SGD_ROUNDINGS = 8

const sgdStep = fc
  .tuple(updates, sgdCoefficients, factors, seeds)
  .map(([updates, coefficients, factor, seed]): KernelCase => {
    const shapes = updates.map(({ shape }) => shape)
    const operands = operandsOf(shapes, factor, seed)
    const step =
      (coefficients: SgdCoefficients, isLimited: boolean) =>
      <H>(k: Kernels<H>, scale: H, ...handles: readonly H[]): readonly H[] =>
        k
          .sgdStep(
            updates.map(({ later, limit }, i) => {
              const { parameter, gradient, first } = partsOf(handles, i)
              return {
                parameter,
                gradient,
                velocity: later ? first : undefined,
                limit: isLimited ? limit : undefined,
              }
            }),
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
      terms: SGD_ROUNDINGS,
    }
  })

/** Those of the averages, root and quotient; both may be approximate to a few units in the last place. */
export const ADAM_ROUNDINGS = 16

const adamStep = fc
  .tuple(updates, adamCoefficients, factors, seeds)
  .map(([updates, coefficients, factor, seed]): KernelCase => {
    const shapes = updates.map(({ shape }) => shape)
    const operands = operandsOf(shapes, factor, seed)
    const updatesOf = <H>(handles: readonly H[], isLimited: boolean): readonly AdamUpdate<H>[] =>
      updates.map(({ later, limit: given }, i) => {
        const { parameter, gradient, first, second } = partsOf(handles, i)
        const limit = isLimited ? given : undefined
        return { parameter, gradient, limit, ...(later ? { first, second } : {}) }
      })
    const scaleOf = <H>(scale: H | undefined): H | undefined => (factor === undefined ? undefined : scale)
    return {
      name: describe('adamStep', shapes, updates, coefficients, factor ?? null, seed),
      run: onOperands(operands, (k, scale, ...handles) =>
        k
          .adamStep(updatesOf(handles, true), coefficients, scaleOf(scale))
          .flatMap(({ parameter, first, second }) => [parameter, first, second]),
      ),
      magnitude: onOperands(operands, (k, scale, ...handles) =>
        adamMagnitudes(k, updatesOf(handles, false), coefficients, scaleOf(scale)),
      ),
      terms: ADAM_ROUNDINGS,
    }
  })

/**
 * What bounds the results' errors. Those of averages are sums of terms; M and V are they with absolute values. Of the quotient
 * m / d, d = sqrt(v) * root + epsilon, it is the first order of both errors: M / d + |m| / d * D / d, where D is d of V and
 * |m| is at most M. The root errs by no more than its argument does: sqrt(v) is at least a share of |g|, which v's error has.
 */
export const adamMagnitudes = <H>(
  k: Kernels<H>,
  updates: readonly AdamUpdate<H>[],
  coefficients: AdamCoefficients,
  factor: H | undefined,
): readonly H[] => {
  const made: H[] = []
  const keep = (x: H): H => {
    made.push(x)
    return x
  }
  const scalar = (v: number): H => keep(k.fill(v, []))
  const abs = (x: H): H => keep(k.unary('abs', x))
  const maybe = (x: H | undefined): H | undefined => (x === undefined ? undefined : abs(x))
  const { learningRate, beta1, beta2, epsilon, step } = coefficients
  const [rate, root] = [learningRate / (1 - beta1 ** step), 1 / Math.sqrt(1 - beta2 ** step)]
  const exact = k.adamStep(updates, coefficients, factor)
  const terms = k.adamStep(
    updates.map(({ parameter, gradient, first, second }) => ({
      parameter: abs(parameter),
      gradient: abs(gradient),
      first: maybe(first),
      second: maybe(second),
    })),
    coefficients,
    maybe(factor),
  )
  const sizeOfRoot = (v: H): H =>
    keep(k.binary('add', keep(k.binary('mul', keep(k.unary('sqrt', v)), scalar(root))), scalar(epsilon)))
  const results = updates.flatMap(({ parameter }, i) => {
    const { first, second } = terms[i]!
    const d = sizeOfRoot(exact[i]!.second)
    const quotient = keep(k.binary('div', first, d))
    const relative = keep(k.binary('add', keep(k.binary('div', sizeOfRoot(second), d)), scalar(1)))
    const moved = keep(k.binary('mul', quotient, relative))
    return [k.linearCombination(1, abs(parameter), rate, moved), first, second]
  })
  for (const { first, second } of exact) made.push(first, second)
  for (const { parameter } of [...exact, ...terms]) made.push(parameter)
  for (const x of made) k.free(x)
  return results
}

export const optimizerCases = { squaredNorm, sgdStep, adamStep }
