import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { data, distinct, fewChannels, poolWindows, seeds } from '../arbitraries.js'
import { expectGradients, onReference } from '../finite-differences.js'

describe.each(['maxPool', 'avgPool'] as const)('%s', operation => {
  test('gradient by central differences', () =>
    fc.assert(
      fc.asyncProperty(poolWindows(fewChannels), seeds, async ({ shape, kernel: [size], options }, seed) => {
        const x = data(distinct, shape, seed)
        await expectGradients((b, { x }) => b[operation](x!, size, options), { x })
        await expectGradients((b, { x }) => b.mul(b[operation](x!, size, options), b.mean(x!)), { x })
      }),
    ))
})

test('worked by hand: padding is neither a maximum nor counted', () =>
  onReference(async b => {
    const x = b.tensor([-1, -2, -3, -4, -5, -6, -7, -8, -9], [1, 3, 3, 1])
    const results = [b.maxPool(x, 3, { stride: 2 }), b.avgPool(x, 3, { stride: 2 }), b.maxPool(x, 2, { dilation: 2 })]
    expect(await Promise.all(results.map(async y => [...(await b.read(y))]))).toEqual([
      [-1, -2, -4, -5],
      [-3, -4, -6, -7],
      [-5, -4, -5, -2, -1, -2, -5, -4, -5],
    ])
    b.dispose([x, results])
  }))

test('at a tie the first maximum gets the gradient', () =>
  onReference(async b => {
    const x = b.tensor([1, 7, 7, 7], [1, 2, 2, 1])
    const padding = { top: 0, bottom: 0, left: 0, right: 0 }
    const { value, gradients } = b.valueAndGrad(({ x }) => ({ value: b.sum(b.maxPool(x, 2, { padding })) }), { x })
    expect([...(await b.read(gradients.x))]).toEqual([0, 1, 0, 0])
    b.dispose([x, value, gradients])
  }))

test('NaN is a maximum', () =>
  onReference(async b => {
    const x = b.tensor([1, Number.NaN, 7, Number.NaN], [1, 2, 2, 1])
    const padding = { top: 0, bottom: 0, left: 0, right: 0 }
    const { value, gradients } = b.valueAndGrad(({ x }) => ({ value: b.sum(b.maxPool(x, 2, { padding })) }), { x })
    expect([...(await b.read(value)), ...(await b.read(gradients.x))]).toEqual([Number.NaN, 0, 1, 0, 0])
    b.dispose([x, value, gradients])
  }))
