import type { Shape } from '@cpnas/backends'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { data, distinct, fewChannels, seeds } from '../arbitraries.js'
import { expectGradients, type Inputs, onReference } from '../finite-differences.js'
import { normalizationInputs, normalizationOf, normalizationParts } from '../normalizations.js'

const shapes: fc.Arbitrary<Shape> = fc
  .tuple(fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 3 }), fewChannels)
  .map(([outer, channels]) => [...outer, channels])

test('gradients of batchNorm by central differences', () =>
  fc.assert(
    fc.asyncProperty(shapes, normalizationParts, seeds, async (shape, parts, seed) => {
      const inputs = { x: data(distinct, shape, seed), ...normalizationInputs(parts, shape, seed) }
      await expectGradients((b, x) => b.batchNorm(x.x!, normalizationOf(b, parts, x, shape)), inputs)
    }),
  ))

test('gradients of normalizedSum by central differences, also with a tensor in two terms', () => {
  const terms = fc.array(fc.option(normalizationParts, { nil: undefined }), { minLength: 1, maxLength: 5 })
  return fc.assert(
    fc.asyncProperty(shapes, terms, fc.boolean(), seeds, async (shape, terms, twice, seed) => {
      const inputs: Inputs = Object.assign(
        {},
        ...terms.map((parts, i) => ({
          [`x${i}`]: data(distinct, shape, seed + i),
          ...(parts && normalizationInputs(parts, shape, seed + i, `${i}`)),
        })),
      )
      await expectGradients(
        (b, x) =>
          b.normalizedSum([
            ...terms.map((parts, i) => ({
              x: x[`x${i}`]!,
              ...(parts && { normalization: normalizationOf(b, parts, x, shape, `${i}`) }),
            })),
            ...(twice ? [{ x: x.x0! }, { x: x.x0!, normalization: {} }] : []),
          ]),
        inputs,
      )
    }),
  )
})

test('a batch-normalized channel has mean 0 and variance 1', () =>
  fc.assert(
    fc.asyncProperty(fewChannels, seeds, async (channels, seed) =>
      onReference(async b => {
        const { values, shape } = data(distinct, [3, 4, 4, channels], seed)
        const x = b.tensor(values, shape)
        const y = b.batchNorm(x, { epsilon: 0 })
        const { mean, variance } = b.moments(y)
        for (const v of await b.read(mean)) expect(v).toBeCloseTo(0, 9)
        for (const v of await b.read(variance)) expect(v).toBeCloseTo(1, 9)
        b.dispose([x, y, mean, variance])
      }),
    ),
  ))

test('worked by hand', () =>
  onReference(async b => {
    const x = b.tensor([1, 10, 3, 30], [2, 2])
    const { mean, variance } = b.moments(x)
    const results = b.scope(() => {
      const gamma = b.tensor([2, 1], [2])
      const beta = b.tensor([0, 5], [2])
      return [
        mean,
        variance,
        b.batchNorm(x, { gamma, beta, epsilon: 0 }),
        b.batchNorm(x, { epsilon: 3, statistics: { mean: b.tensor([0, 10], [2]), variance: b.tensor([1, 97], [2]) } }),
        b.normalizedSum([{ x }, { x, normalization: { epsilon: 0 } }, { x }]),
      ]
    })
    expect(await Promise.all(results.map(async y => [...(await b.read(y))]))).toEqual([
      [2, 20],
      [1, 100],
      [-2, 4, 2, 6],
      [0.5, 0, 1.5, 2],
      [1, 19, 7, 61],
    ])
    b.dispose([x, results])
  }))

test('epsilon is 1e-5 by default', () =>
  onReference(async b => {
    const x = b.tensor([1, -1, 1, -1], [4, 1])
    const small = b.mul(x, Math.sqrt(3e-5))
    const y = b.batchNorm(small)
    const half = Math.sqrt(3) / 2
    const values = Array.from(await b.read(y))
    for (const [i, v] of [half, -half, half, -half].entries()) expect(values[i]).toBeCloseTo(v, 12)
    b.dispose([x, small, y])
  }))
