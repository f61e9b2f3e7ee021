import { channelScale, layerScale } from '@cpnas/binarize'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { backend, type Data, distance, filters, read, tensor } from './support.js'

const convolution: Data = { shape: [1, 2, 1, 2], values: [1, -2, -3, 4] }
const depthwise: Data = { shape: [1, 2, 2], values: [1, -2, -3, 4] }

test('worked by hand', async () => {
  expect(await read(channelScale(backend, tensor(convolution)))).toEqual([2, 3])
  expect(await read(channelScale(backend, tensor(depthwise)))).toEqual([2, 3])
  expect(await read(layerScale(backend, tensor(convolution)))).toEqual([2.5])
  expect(backend.shape(layerScale(backend, tensor(convolution)))).toEqual([])
})

test.each([
  ['channelScale', channelScale],
  ['layerScale', layerScale],
])('%s of c * H is |c| times that of H', async (_, scale) => {
  await fc.assert(
    fc.asyncProperty(filters, fc.double({ min: -4, max: 4, noNaN: true }), async (data, c) => {
      const scaled = await read(scale(backend, backend.mul(tensor(data), c)))
      const alpha = await read(scale(backend, tensor(data)))
      expect(
        distance(
          scaled,
          alpha.map(a => a * Math.abs(c)),
        ),
      ).toBeLessThan(1e-13)
    }),
  )
})

test.each([
  ['channelScale', channelScale],
  ['layerScale', layerScale],
])('no other scale than %s comes closer to the filters', async (_, scale) => {
  await fc.assert(
    fc.asyncProperty(filters, fc.double({ min: -1, max: 1, noNaN: true }), async (data, change) => {
      const alpha = scale(backend, tensor(data))
      const error = async (a: typeof alpha) => {
        const rest = backend.sub(tensor(data), backend.mul(a, backend.sign(tensor(data))))
        return (await read(backend.sum(backend.mul(rest, rest))))[0]!
      }
      expect(await error(alpha)).toBeLessThanOrEqual((await error(backend.add(alpha, change))) + 1e-12)
    }),
  )
})
