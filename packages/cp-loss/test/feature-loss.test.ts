import { featureLoss } from '@cpnas/cp-loss'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { backend, dataOf, expectGradient, expectNoLeak, read, scalar, tensor } from './support.js'

const shape = [2, 1, 1, 2]

test('worked by hand: half the mean square of the distance, and its gradient to the Child alone', async () => {
  const child = { shape, values: [1, 2, 3, -1] }
  const parent = { shape, values: [1, 0, 2, 1] }
  // Differences 0, 2, 1, -2: 9 / 4 / 2.
  const { value, gradients } = backend.valueAndGrad(({ f, p }) => ({ value: featureLoss(backend, f, p) }), {
    f: tensor(child),
    p: tensor(parent),
  })
  expect(await scalar(value)).toBe(1.125)
  expect(await read(gradients.f)).toEqual([0, 0.5, 0.25, -0.5])
  expect(await read(gradients.p)).toEqual([0, 0, 0, 0])
  expect(() => featureLoss(backend, tensor(child), tensor({ shape: [1, 1, 1, 2], values: [1, 2] }))).toThrow(
    /features must be/,
  )
})

test('its gradient is its derivative', async () => {
  await fc.assert(
    fc.asyncProperty(dataOf(shape), dataOf(shape), (child, parent) =>
      expectGradient((b, x) => featureLoss(b, x, b.tensor(parent.values, parent.shape)), child),
    ),
    { numRuns: 30 },
  )
})

test('frees what it makes', () => {
  const [f, p] = [tensor({ shape, values: [1, 2, 3, 4] }), tensor({ shape, values: [0, 0, 0, 0] })]
  expectNoLeak(1, () => featureLoss(backend, f, p))
})
