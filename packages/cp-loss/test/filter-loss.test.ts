import { type EstimatorName, type ScaleName, sign } from '@cpnas/binarize'
import { type FilterLossOptions, filterLoss } from '@cpnas/cp-loss'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  backend,
  type Data,
  expectGradient,
  expectNoLeak,
  filtersOf,
  gradientOf,
  read,
  scalar,
  smooth,
  type T,
  tensor,
} from './support.js'

const scales: readonly ScaleName[] = ['channel', 'layer']
const estimators: readonly EstimatorName[] = ['clipped-identity', 'polynomial']
const scale = fc.constantFrom(...scales)

/** Two filters of two values each, (1, -3) and (0.5, 0). */
const worked: Data = { shape: [1, 2, 1, 2], values: [1, 0.5, -3, 0] }
const depthwise: Data = { ...worked, shape: [1, 2, 2] }

const lossOf = (data: Data, options?: FilterLossOptions): Promise<number> =>
  scalar(filterLoss(backend, [tensor(data)], options))

test('worked by hand', async () => {
  // alpha = 2 and 0.25, H - H^ = (-1, -1) and (0.25, -0.25), MSE = 1 and 0.0625.
  for (const data of [worked, depthwise]) {
    expect(await lossOf(data)).toBe(1.0625)
    expect(await lossOf(data, { scale: 'channel' })).toBe(1.0625)
    // alpha = 1.125, H - H^ = (-0.125, -1.875) and (-0.625, -1.125), MSE = 3.53125 / 2 and 1.65625 / 2.
    expect(await lossOf(data, { scale: 'layer' })).toBe(2.59375)
    for (const estimator of ['none', ...estimators] as const) {
      expect(await lossOf(data, { estimator })).toBe(1.0625)
      expect(await lossOf(data, { estimator, scale: 'layer' })).toBe(2.59375)
    }
  }
})

test('the gradient worked by hand', async () => {
  const gradient = (options: FilterLossOptions): Promise<readonly number[]> =>
    gradientOf((b, x) => filterLoss(b, [x], options), worked)
  // 2 / n is 1, so H - H^ itself, times 1 - alpha * ste.
  expect(await gradient({ estimator: 'none' })).toEqual([-1, 0.25, -1, -0.25])
  const clipped = [-1 * (1 - 2), 0.25 * (1 - 0.25), -1, -0.25 * (1 - 0.25)]
  expect(await gradient({ estimator: 'clipped-identity' })).toEqual(clipped)
  expect(await gradient({})).toEqual(clipped)
  expect(await gradient({ estimator: 'polynomial' })).toEqual([-1, 0.25 * (1 - 0.25), -1, -0.25 * (1 - 0.25 * 2)])
})

test('a pointwise filter averages over its input channels', async () => {
  // One filter (1, -3) of two input channels.
  expect(await lossOf({ shape: [1, 1, 2, 1], values: [1, -3] })).toBe(1)
})

test('without an estimator the gradient is the derivative of the loss', async () => {
  await fc.assert(
    fc.asyncProperty(filtersOf(smooth), scale, (data, scale) =>
      expectGradient((b, x) => filterLoss(b, [x], { scale, estimator: 'none' }), data),
    ),
    { numRuns: 50 },
  )
})

test('with an estimator it is that of the loss in which sign is the straight line through H of that slope', async () => {
  await fc.assert(
    fc.asyncProperty(filtersOf(smooth), scale, fc.constantFrom(...estimators), async (data, scale, estimator) => {
      const { gradients } = backend.valueAndGrad(({ x }) => ({ value: backend.sum(sign(backend, x, estimator)) }), {
        x: tensor(data),
      })
      const [slope, signs] = [await read(gradients.x), await read(backend.sign(tensor(data)))]
      const axes = data.shape.slice(0, scale === 'channel' ? -1 : undefined).map((_, axis) => axis)
      await expectGradient(
        (b, x) => filterLoss(b, [x], { scale, estimator }),
        data,
        (b, x) => {
          const constant = (values: readonly number[]) => b.tensor(values, data.shape)
          const line = b.add(constant(signs), b.mul(constant(slope), b.sub(x, constant(data.values))))
          const difference = b.sub(x, b.mul(b.mean(b.abs(x), axes), line))
          return b.sum(b.mean(b.mul(difference, difference), [...data.shape.keys()].slice(0, -1)))
        },
      )
    }),
    { numRuns: 50 },
  )
})

test('is zero, and so is its gradient, where the filters are alpha times +-1', async () => {
  const alphas = fc.integer({ min: 1, max: 64 }).map(n => n / 16)
  await fc.assert(
    fc.asyncProperty(
      filtersOf(fc.constantFrom(-1, 1)),
      scale,
      fc.constantFrom<FilterLossOptions['estimator'][]>(undefined, 'none', ...estimators),
      fc.array(alphas, { minLength: 3, maxLength: 3 }),
      async ({ shape, values }, scale, estimator, alphas) => {
        const channels = shape.at(-1)!
        const data = { shape, values: values.map((x, i) => x * alphas[scale === 'channel' ? i % channels : 0]!) }
        const options = estimator === undefined ? { scale } : { scale, estimator }
        expect(await lossOf(data, options)).toBeLessThan(1e-28)
        const gradient = await gradientOf((b, x) => filterLoss(b, [x], options), data)
        expect(Math.max(...gradient.map(Math.abs))).toBeLessThan(1e-12)
      },
    ),
  )
})

test('by channel it is the sum over the filters of mean H^2 - alpha^2', async () => {
  await fc.assert(
    fc.asyncProperty(filtersOf(), async data => {
      const [x, axes] = [tensor(data), [...data.shape.keys()].slice(0, -1)]
      const alpha = backend.mean(backend.abs(x), axes)
      const expected = backend.sub(backend.mean(backend.mul(x, x), axes), backend.mul(alpha, alpha))
      expect(Math.abs((await lossOf(data)) - (await scalar(backend.sum(expected))))).toBeLessThan(1e-12)
    }),
  )
})

test('by layer it is at least that by channel, whose alphas fit best', async () => {
  await fc.assert(
    fc.asyncProperty(filtersOf(), async data => {
      expect(await lossOf(data, { scale: 'layer' })).toBeGreaterThanOrEqual((await lossOf(data)) - 1e-12)
    }),
  )
})

test('of c * H is c^2 times that of H, whatever the sign of c', async () => {
  const factor = fc.constantFrom(-2, -1, -0.5, 0.25, 3)
  await fc.assert(
    fc.asyncProperty(filtersOf(smooth), scale, factor, async (data, scale, c) => {
      const scaled = { ...data, values: data.values.map(x => c * x) }
      const expected = c * c * (await lossOf(data, { scale }))
      expect(Math.abs((await lossOf(scaled, { scale })) - expected)).toBeLessThan(1e-12 * (1 + expected))
    }),
  )
})

test('without an estimator a gradient step of half a filter’s size reaches the reconstructed filters', async () => {
  await fc.assert(
    fc.asyncProperty(filtersOf(smooth), async data => {
      const gradient = await gradientOf((b, x) => filterLoss(b, [x], { estimator: 'none' }), data)
      const half = data.values.length / data.shape.at(-1)! / 2
      const moved = { ...data, values: data.values.map((x, i) => x - half * gradient[i]!) }
      expect(await lossOf(moved)).toBeLessThan(1e-24)
    }),
  )
})

test('adds up over layers, and is 0 of none', async () => {
  expect(await scalar(filterLoss(backend, []))).toBe(0)
  await fc.assert(
    fc.asyncProperty(fc.array(filtersOf(), { minLength: 1, maxLength: 4 }), scale, async (layers, scale) => {
      const single = await Promise.all(layers.map(data => lossOf(data, { scale })))
      const total = await scalar(filterLoss(backend, layers.map(tensor), { scale }))
      expect(Math.abs(total - single.reduce((a, b) => a + b, 0))).toBeLessThan(1e-12)
    }),
    { numRuns: 50 },
  )
})

test('leaves no tensors behind', () => {
  const layers: readonly T[] = [tensor(worked), tensor(depthwise)]
  for (const estimator of ['none', 'polynomial'] as const)
    expectNoLeak(1, () => filterLoss(backend, layers, { estimator }))
})

test("with the Parent's filters, worked by hand: reconstructed filters are compared with them, and drawn to them", async () => {
  // H^ = 2 (1, -1) and 0.25 (1, 1); P = (1, -1) and (0, 1): P - H^ = (-1, 1) and (-0.25, 0.75), MSE = 1 and 0.3125.
  const parent: Data = { shape: [1, 2, 1, 2], values: [1, 0, -1, 1] }
  const loss = (b: typeof backend, x: T) => filterLoss(b, [x], { estimator: 'none' }, [tensor(parent)])
  expect(await scalar(loss(backend, tensor(worked)))).toBe(1.3125)
  // Through alpha = mean |H| alone, with 2 / n = 1: the sums of -(P - H^) * sign(H) are 2 and -0.5; half of them, with the sign, go to each value.
  const { gradients } = backend.valueAndGrad(({ x }) => ({ value: loss(backend, x) }), { x: tensor(worked) })
  expect(await read(gradients.x)).toEqual([1, -0.25, -1, -0.25])
  expect(() => filterLoss(backend, [tensor(worked)], {}, [])).toThrow(/targets must be/)
  expect(() => filterLoss(backend, [tensor(worked)], {}, [tensor(depthwise)])).toThrow(/targets must be/)
})
