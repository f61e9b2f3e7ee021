import { type EstimatorName, sign } from '@cpnas/binarize'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { backend, dataOf, distance, filtersAndGradient, gradientOf, read, tensor } from './support.js'

const vector = fc.integer({ min: 1, max: 8 }).chain(size => dataOf([size]))

test('worked by hand', async () => {
  expect(await read(sign(backend, backend.tensor([-3, -0.5, 0, 0.5, 3], [5])))).toEqual([-1, -1, 1, 1, 1])
})

test('is +1 or -1, and itself of itself', async () => {
  await fc.assert(
    fc.asyncProperty(vector, async data => {
      const signs = sign(backend, tensor(data))
      const values = await read(signs)
      expect(values).toEqual(data.values.map(x => (x >= 0 ? 1 : -1)))
      expect(await read(sign(backend, signs))).toEqual(values)
    }),
  )
})

const derivatives: Readonly<Record<EstimatorName, (x: number) => number>> = {
  'clipped-identity': x => (Math.abs(x) <= 1 ? 1 : 0),
  polynomial: x => (Math.abs(x) < 1 ? 2 - 2 * Math.abs(x) : 0),
}

test.each(Object.entries(derivatives) as [EstimatorName, (x: number) => number][])(
  'the gradient of %s',
  async (estimator, derivative) => {
    await fc.assert(
      fc.asyncProperty(filtersAndGradient, async ([x, dy]) => {
        const gradient = await gradientOf(t => sign(backend, t, estimator), x, dy)
        expect(
          distance(
            gradient,
            x.values.map((value, i) => derivative(value) * dy.values[i]!),
          ),
        ).toBeLessThan(1e-14)
      }),
    )
  },
)

test('the estimator is the clipped identity by default', async () => {
  const x = { shape: [4], values: [-1.5, -1, 0.5, 1] }
  expect(await gradientOf(t => sign(backend, t), x, { shape: [4], values: [2, 2, 2, 2] })).toEqual([0, 2, 2, 2])
})
