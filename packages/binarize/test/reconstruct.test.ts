import { channelScale, type EstimatorName, layerScale, reconstruct, type ScaleName, sign } from '@cpnas/binarize'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  backend,
  type Data,
  distance,
  filters,
  filtersAndGradient,
  gradientOf,
  read,
  type T,
  tensor,
} from './support.js'

const scales: readonly ScaleName[] = ['channel', 'layer']
const estimators: readonly EstimatorName[] = ['clipped-identity', 'polynomial']
const options = fc.record({ scale: fc.constantFrom(...scales), estimator: fc.constantFrom(...estimators) })

test('worked by hand', async () => {
  const latent = backend.tensor([1, -2, -3, 0], [1, 2, 1, 2])
  expect(await read(reconstruct(backend, latent))).toEqual([2, -1, -2, 1])
  expect(await read(reconstruct(backend, latent, { scale: 'layer' }))).toEqual([1.5, -1.5, -1.5, 1.5])
})

test('the gradient worked by hand', async () => {
  // One channel: alpha = 0.75, sign = [1, -1]; dAlpha = (2 * 1 + 4 * -1) / 2 = -1.
  const latent: Data = { shape: [2, 1, 1, 1], values: [0.5, -1] }
  const dy: Data = { shape: [2, 1, 1, 1], values: [2, 4] }
  expect(await gradientOf(x => reconstruct(backend, x), latent, dy)).toEqual([0.75 * 2 - 1, 0.75 * 4 + 1])
  expect(await gradientOf(x => reconstruct(backend, x, { estimator: 'polynomial' }), latent, dy)).toEqual([
    0.75 * 2 * 1 - 1,
    0.75 * 4 * 0 + 1,
  ])
})

test('is itself of itself', async () => {
  await fc.assert(
    fc.asyncProperty(filters, options, async (data, settings) => {
      const once = reconstruct(backend, tensor(data), settings)
      expect(distance(await read(reconstruct(backend, once, settings)), await read(once))).toBeLessThan(1e-14)
    }),
  )
})

test('of c * H is c times that of H', async () => {
  await fc.assert(
    fc.asyncProperty(filters, options, fc.double({ min: 0.125, max: 4, noNaN: true }), async (data, settings, c) => {
      const scaled = reconstruct(backend, backend.mul(tensor(data), c), settings)
      const expected = backend.mul(reconstruct(backend, tensor(data), settings), c)
      expect(distance(await read(scaled), await read(expected))).toBeLessThan(1e-13)
    }),
  )
})

test('is scale(H) * sign(H), value and gradient', async () => {
  await fc.assert(
    fc.asyncProperty(filtersAndGradient, options, async ([data, dy], settings) => {
      const scale = settings.scale === 'channel' ? channelScale : layerScale
      const composed = (x: T) => backend.mul(scale(backend, x), sign(backend, x, settings.estimator))
      const fused = (x: T) => reconstruct(backend, x, settings)
      expect(distance(await read(fused(tensor(data))), await read(composed(tensor(data))))).toBeLessThan(1e-14)
      expect(distance(await gradientOf(fused, data, dy), await gradientOf(composed, data, dy))).toBeLessThan(1e-13)
    }),
  )
})
