import { referenceBackend } from '@cpnas/backends'
import { clipFactor, cosine, globalNorm, newLearner, sgd } from '@cpnas/training'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

const backend = referenceBackend()
type T = ReturnType<typeof backend.tensor>
const vector = (...values: readonly number[]): T => backend.tensor(values, [values.length])
const read = async (x: T | undefined): Promise<readonly number[]> => Array.from(await backend.read(x!))
const number = fc.double({ min: -100, max: 100, noNaN: true })

describe('sgd', () => {
  it('does two steps of the worked example', async () => {
    const optimizer = sgd({ momentum: 0.5, weightDecay: 0.1 })
    const { update } = optimizer
    const start = newLearner(optimizer, { w: vector(1, -2) })
    // g = (1, 0) + 0.1 * (1, -2); v = g; w - 0.1 * v
    const one = update(backend, { w: vector(1, 0) }, start, { learningRate: 0.1 })
    expect(await read(one.state.velocity?.w)).toEqual([1.1, -0.2])
    expect(await read(one.parameters.w)).toEqual([1 - 0.1 * 1.1, -2 + 0.1 * 0.2])
    // v = 0.5 * (1.1, -0.2) + (0, 0) + 0.1 * (0.89, -1.98)
    const two = update(backend, { w: vector(0, 0) }, one, { learningRate: 0.2 })
    const velocity = await read(two.state.velocity?.w)
    expect(velocity[0]).toBeCloseTo(0.639, 12)
    expect(velocity[1]).toBeCloseTo(-0.298, 12)
    expect((await read(two.parameters.w))[0]).toBeCloseTo(0.89 - 0.2 * 0.639, 12)
  })

  it('is plain gradient descent without momentum and decay', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(number, { minLength: 1, maxLength: 5 }), number, async (w, g) => {
        const optimizer = sgd({ momentum: 0, weightDecay: 0 })
        let learner = newLearner(optimizer, { w: vector(...w) })
        for (let step = 0; step < 3; step++)
          learner = optimizer.update(backend, { w: vector(...w.map(() => g)) }, learner, { learningRate: 0.01 })
        const result = await read(learner.parameters.w)
        for (const [i, x] of result.entries()) expect(x).toBeCloseTo(w[i]! - 0.03 * g, 9)
      }),
    )
  })

  it('multiplies the gradients by the factor before it adds the decay, and keeps parameters within their limits', async () => {
    const optimizer = sgd({ momentum: 0.5, weightDecay: 0.1 })
    const { update } = optimizer
    const start = newLearner(optimizer, { w: vector(1, -2), free: vector(1, -2) })
    const gradients = { w: vector(-8, 4), free: vector(-8, 4) }
    const options = { learningRate: 1, factor: backend.full(0.5), limits: { w: 3, elsewhere: 1 } }
    const { parameters, state } = update(backend, gradients, start, options)
    // g = 0.5 * (-8, 4) + 0.1 * (1, -2); w - g
    expect(await read(parameters.w)).toEqual([3, -3])
    expect(await read(parameters.free)).toEqual([1 + 3.9, -2 - 1.8])
    expect(await read(state.velocity?.w)).toEqual([-3.9, 1.8])
    expect(Object.keys(parameters)).toEqual(['w', 'free'])
  })

  it('leaves a parameter without a gradient, and its velocity, as they are', () => {
    const { update } = sgd()
    const [a, b, velocity] = [vector(1), vector(2), vector(3)]
    const learner = { parameters: { a, b }, state: { velocity: { b: velocity } }, updates: {} }
    const after = update(backend, { a: vector(1) }, learner, { learningRate: 0.1 })
    expect(after.parameters.b).toBe(b)
    expect(after.state.velocity?.b).toBe(velocity)
    expect(after.parameters.a).not.toBe(a)
  })
})

describe('cosine', () => {
  it('starts at the initial rate, is half way in the middle and ends at the minimum', () => {
    const options = { initial: 0.025, minimum: 0.001, total: 10 }
    expect(cosine(options, 0)).toBe(0.025)
    expect(cosine(options, 5)).toBeCloseTo(0.013, 12)
    expect(cosine(options, 10)).toBeCloseTo(0.001, 12)
  })

  it('never rises', () => {
    fc.assert(
      fc.property(fc.nat(99), step => {
        const options = { initial: 0.1, minimum: 0.01, total: 100 }
        expect(cosine(options, step + 1)).toBeLessThanOrEqual(cosine(options, step))
      }),
    )
  })
})

describe('clipFactor', () => {
  const gradients = fc.array(fc.array(number, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 4 })
  const tensors = (values: readonly (readonly number[])[]) =>
    Object.fromEntries(values.map((v, i) => [`g${i}`, backend.reshape(vector(...v), [1, v.length])]))
  const factorOf = async (record: Readonly<Record<string, T>>, maximum: number): Promise<number> =>
    (await read(clipFactor(backend, record, maximum)))[0]!

  it('takes all gradients as one vector', async () => {
    expect(await read(globalNorm(backend, [vector(1, 2), vector(2, 4)]))).toEqual([5])
    expect(await factorOf({ a: vector(1, 2), b: vector(2, 4) }, 1)).toBe(1 / (5 + 1e-6))
  })

  it('bounds the norm, and leaves short gradients as they are', async () => {
    await fc.assert(
      fc.asyncProperty(gradients, fc.double({ min: 0.1, max: 300, noNaN: true }), async (values, maximum) => {
        const factor = await factorOf(tensors(values), maximum)
        const norm = Math.hypot(...values.flat())
        expect(factor).toBeCloseTo(Math.min(1, maximum / (norm + 1e-6)), 12)
        if (norm + 2e-6 <= maximum) expect(factor).toBe(1)
        expect(factor * norm).toBeLessThanOrEqual(maximum)
      }),
    )
  })

  it('does not depend on the order of the names, to the last bit', async () => {
    const entries = Object.entries(tensors(Array.from({ length: 200 }, (_, i) => [1 / (i + 3)])))
    const factor = await factorOf(Object.fromEntries(entries), 0.1)
    expect(await factorOf(Object.fromEntries(entries.toReversed()), 0.1)).toBe(factor)
  })

  it('is 1 without gradients', async () => {
    expect(await factorOf({}, 1)).toBe(1)
  })
})
