import { sizeOf } from '@cpnas/backends'
import fc from 'fast-check'
import { channels, data, dyadics, floats, seeds, shapes, shapesWithAxes, shapesWithParts } from '../arbitraries.js'
import { describe, linearCase, roundedCase } from './kernel-case.js'

const sum = fc
  .tuple(
    fc.oneof(
      { weight: 9, arbitrary: shapesWithAxes },
      { weight: 1, arbitrary: fc.constantFrom({ shape: [5, 7, 11, 13], axes: [1, 2] }, { shape: [20011], axes: [0] }) },
    ),
    seeds,
    fc.boolean(),
  )
  .map(([{ shape, axes }, seed, all]) =>
    linearCase(
      describe('sum', [shape], all ? 'all' : axes, seed),
      [data(floats, shape, seed)],
      all ? sizeOf(shape) : axes.reduce((count, axis) => count * shape[axis]!, 1),
      (k, x) => [all ? k.sum(x!) : k.sum(x!, axes)],
    ),
  )

const argMax = fc
  .tuple(shapes({ minRank: 1, maxSize: 9 }), seeds, fc.constantFrom(floats, dyadics))
  .map(([shape, seed, fill]) =>
    roundedCase(describe('argMax', [shape], seed), [data(fill, shape, seed)], 0, (k, x) => [k.argMax(x!)]),
  )

const reshape = fc
  .tuple(shapes(), seeds)
  .map(([shape, seed]) =>
    linearCase(describe('reshape', [shape], seed), [data(floats, shape, seed)], 0, (k, x) => [
      k.reshape(x!, [...shape].reverse()),
      k.reshape(x!, [sizeOf(shape)]),
    ]),
  )

const transpose = fc.tuple(shapes(), seeds).chain(([shape, seed]) =>
  fc
    .shuffledSubarray(
      shape.map((_, axis) => axis),
      { minLength: shape.length },
    )
    .map(permutation =>
      linearCase(describe('transpose', [shape], permutation, seed), [data(floats, shape, seed)], 0, (k, x) => [
        k.transpose(x!, permutation),
      ]),
    ),
)

const slice = fc
  .tuple(shapesWithParts, seeds)
  .map(([{ shape, begin, size }, seed]) =>
    linearCase(describe('slice', [shape], begin, size, seed), [data(floats, shape, seed)], 0, (k, x) => [
      k.slice(x!, begin, size),
    ]),
  )

const pad = fc.tuple(shapes({ minRank: 1 }), seeds).chain(([shape, seed]) => {
  const counts = fc.array(fc.nat(3), { minLength: shape.length, maxLength: shape.length })
  return fc
    .tuple(counts, counts)
    .map(([before, after]) =>
      linearCase(describe('pad', [shape], before, after, seed), [data(floats, shape, seed)], 0, (k, x) => [
        k.pad(x!, before, after),
      ]),
    )
})

const concat = fc
  .tuple(shapes({ minRank: 1 }), fc.array(channels, { minLength: 1, maxLength: 4 }), fc.nat(3), seeds)
  .map(([shape, sizes, position, seed]) => {
    const axis = position % shape.length
    const operands = sizes.map((size, i) => data(floats, shape.with(axis, size), seed + i))
    return linearCase(
      describe(
        'concat',
        operands.map(({ shape }) => shape),
        axis,
        seed,
      ),
      operands,
      0,
      (k, ...xs) => [k.concat(xs, axis)],
    )
  })

const matMul = fc
  .tuple(channels, channels, channels, fc.boolean(), fc.boolean(), seeds)
  .map(([m, inner, n, transposeA, transposeB, seed]) => {
    const a = transposeA ? [inner, m] : [m, inner]
    const b = transposeB ? [n, inner] : [inner, n]
    return linearCase(
      describe('matMul', [a, b], { transposeA, transposeB }, seed),
      [data(floats, a, seed), data(floats, b, seed + 1)],
      inner,
      (k, x, y) => [k.matMul(x!, y!, transposeA, transposeB)],
    )
  })

export const shapeCases = { sum, argMax, reshape, transpose, slice, pad, concat, matMul }
