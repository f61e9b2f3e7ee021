import type { BinaryOperation, UnaryOperation } from '@cpnas/backends'
import fc from 'fast-check'
import { broadcastingShapes, data, dyadics, floats, positives, seeds, shapes } from '../arbitraries.js'
import { describe, type KernelCase, linearCase, roundedCase } from './kernel-case.js'

/** Large enough for several vectors and a rest, and for an engine to share the work out to threads. */
const sizes = fc.oneof(
  { weight: 9, arbitrary: shapes() },
  { weight: 1, arbitrary: fc.constantFrom([3, 37, 41], [40007]) },
)

/** For exp, log and division, which an engine may approximate. */
const roundings = 8

export const unaryOperations: readonly UnaryOperation[] = ['neg', 'exp', 'log', 'sqrt', 'abs', 'relu', 'sign']
export const binaryOperations: readonly BinaryOperation[] = [
  'add',
  'sub',
  'mul',
  'div',
  'max',
  'min',
  'less',
  'lessEqual',
  'equal',
]

const unary = fc
  .tuple(fc.constantFrom(...unaryOperations), sizes, seeds, fc.constantFrom(floats, dyadics))
  .map(([operation, shape, seed, fill]) =>
    roundedCase(
      describe(`unary ${operation}`, [shape], seed),
      [data(operation === 'log' || operation === 'sqrt' ? positives : fill, shape, seed)],
      roundings,
      (k, x) => [k.unary(operation, x!)],
    ),
  )

const binary = fc
  .tuple(
    fc.constantFrom(...binaryOperations),
    fc.oneof(
      broadcastingShapes,
      sizes.map(shape => [shape, shape] as const),
    ),
    seeds,
    fc.constantFrom(floats, dyadics),
  )
  .map(([operation, [left, right], seed, fill]) =>
    roundedCase(
      describe(`binary ${operation}`, [left, right], seed),
      [data(fill, left, seed), data(operation === 'div' ? positives : fill, right, seed + 1)],
      roundings,
      (k, a, b) => [k.binary(operation, a!, b!)],
    ),
  )

const coefficients = fc.constantFrom(0, 1, -1, 0.5, 0.25, -3)

const linearCombination = fc.tuple(sizes, seeds, coefficients, coefficients).map(([shape, seed, a, b]): KernelCase => {
  const name = describe('linearCombination', [shape], a, b, seed)
  const operands = [data(floats, shape, seed), data(floats, shape, seed + 1)]
  const combine = (a: number, b: number) =>
    linearCase(name, operands, 3, (k, x, y) => [k.linearCombination(a, x!, b, y!)])
  return { ...combine(a, b), magnitude: combine(Math.abs(a), Math.abs(b)).magnitude }
})

const accumulate = fc
  .tuple(sizes, seeds)
  .map(([shape, seed]) =>
    linearCase(
      describe('accumulate', [shape], seed),
      [data(floats, shape, seed), data(floats, shape, seed + 1)],
      1,
      (k, x, into) => [k.accumulate(into!, x!)],
      1,
    ),
  )

const fill = fc
  .tuple(sizes, fc.constantFrom(0, 1, -2.5, 1e-5))
  .map(([shape, value]) => roundedCase(describe('fill', [shape], value), [], roundings, k => [k.fill(value, shape)]))

export const elementwiseCases = { fill, unary, binary, linearCombination, accumulate }
