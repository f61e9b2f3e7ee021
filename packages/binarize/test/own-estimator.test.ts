import { channelScale, type Estimator, estimators, reconstruct, type Scale, scales, sign } from '@cpnas/binarize'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { backend, distance, filters, filtersAndGradient, gradientOf, read, tensor } from './support.js'

/** The estimators and scales of the package, which no engine knows. */
const unfused = Object.entries(estimators).flatMap(([estimator, { activation: _, ...record }]) =>
  Object.entries(scales).map(([scale, { group: __, ...of }]) => ({ estimator, record, scale, of })),
)

test.each(unfused)('$estimator, $scale: what is composed computes what is fused', async ({ record, of, ...names }) => {
  const fused = names as { readonly estimator: keyof typeof estimators; readonly scale: keyof typeof scales }
  const composed = { estimator: record, scale: of }
  await fc.assert(
    fc.asyncProperty(filtersAndGradient, async ([h, dy]) => {
      const values = [fused, composed].map(options => read(reconstruct(backend, tensor(h), options)))
      expect(distance(await values[0]!, await values[1]!)).toBeLessThan(1e-12)
      const gradients = [fused, composed].map(options => gradientOf(x => reconstruct(backend, x, options), h, dy))
      expect(distance(await gradients[0]!, await gradients[1]!)).toBeLessThan(1e-12)
    }),
    { numRuns: 50 },
  )
})

test('the shape that a scale says is that of its alpha', () => {
  fc.assert(
    fc.property(filters, h => {
      for (const { of, shape } of Object.values(scales))
        expect(backend.shape(of(backend, tensor(h)))).toEqual(shape(h.shape))
    }),
  )
})

test('an estimator and a scale of your own', async () => {
  // 1 - tanh(x)^2, as in a network with tanh in the place of the sign; and no scale at all.
  const tanh: Estimator = {
    description: 'the derivative of tanh',
    derivative: (b, x) => {
      const e = b.exp(b.mul(x, 2))
      const t = b.div(b.sub(e, 1), b.add(e, 1))
      return b.sub(1, b.mul(t, t))
    },
  }
  const one: Scale = { description: 'no scale', shape: () => [], of: b => b.full(1) }
  const x = { shape: [1, 1, 1, 2], values: [0.5, -2] }
  const dy = { shape: x.shape, values: [1, 10] }
  expect(await read(reconstruct(backend, tensor(x), { estimator: tanh, scale: one }))).toEqual([1, -1])
  const expected = x.values.map((value, i) => (1 - Math.tanh(value) ** 2) * dy.values[i]!)
  expect(distance(await gradientOf(t => sign(backend, t, tanh), x, dy), expected)).toBeLessThan(1e-14)
  expect(
    distance(await gradientOf(t => reconstruct(backend, t, { estimator: tanh, scale: one }), x, dy), expected),
  ).toBeLessThan(1e-14)
  expect(await read(channelScale(backend, tensor(x)))).toEqual([0.5, 2])
})
