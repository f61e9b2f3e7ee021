import type { Activation } from '@cpnas/backends'
import { type EstimatorName, sign } from '@cpnas/binarize'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { backend, type Data, dataOf, distance, read, type T, tensor } from './support.js'

const size = fc.integer({ min: 3, max: 6 })
const few = fc.integer({ min: 1, max: 3 })
const setting = fc.record({ height: size, width: size, channels: few, outputs: few, stride: few, dilation: few })

const activations: readonly (readonly [EstimatorName, Activation])[] = [
  ['clipped-identity', 'sign'],
  ['polynomial', 'sign-polynomial'],
]

test.each(activations)(
  'the estimator %s fused in a convolution (%s) computes the same',
  async (estimator, activation) => {
    const cases = setting.chain(({ height, width, channels, outputs, stride, dilation }) =>
      fc.record({
        options: fc.constant({ stride, dilation }),
        x: dataOf([2, height, width, channels]),
        filters: fc.oneof(dataOf([3, 3, channels, outputs]), dataOf([3, 3, channels])),
      }),
    )
    await fc.assert(
      fc.asyncProperty(cases, async ({ options, x, filters }) => {
        const convolve = filters.shape.length === 4 ? backend.conv2d : backend.depthwiseConv2d
        const fused = await results((x, w) => convolve(x, w, { ...options, activation }), x, filters)
        const unfused = await results((x, w) => convolve(sign(backend, x, estimator), w, options), x, filters)
        fused.forEach((values, i) => {
          expect(distance(values, unfused[i]!)).toBeLessThan(1e-12)
        })
      }),
      { numRuns: 50 },
    )
  },
)

/** Output and both gradients, the output weighed unevenly. */
const results = async (f: (x: T, w: T) => T, x: Data, w: Data): Promise<readonly (readonly number[])[]> => {
  const { gradients, aux } = backend.valueAndGrad(
    ({ x, w }) => {
      const y = f(x, w)
      return { value: backend.sum(backend.mul(y, backend.add(y, 1))), aux: y }
    },
    { x: tensor(x), w: tensor(w) },
  )
  return Promise.all([aux, gradients.x, gradients.w].map(read))
}
