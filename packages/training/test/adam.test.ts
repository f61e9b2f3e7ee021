import { referenceBackend } from '@cpnas/backends'
import { adam, type Learner } from '@cpnas/training'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

const backend = referenceBackend()
type T = ReturnType<typeof backend.tensor>
const vector = (...values: readonly number[]): T => backend.tensor(values, [values.length])
const read = async (x: T | undefined): Promise<readonly number[]> => Array.from(await backend.read(x!))
const begin = (...w: readonly number[]): Learner<T> => ({ parameters: { w: vector(...w) }, state: adam().init() })

describe('adam', () => {
  it('does two steps of the worked example', async () => {
    const { update } = adam({ beta1: 0.5, beta2: 0.75, epsilon: 0, weightDecay: 0.5 })
    // g = 1 + 0.5 * 2 = 2; m = 1, v = 1; corrected m = 1 / 0.5 = 2, v = 1 / 0.25 = 4; 2 - 0.1 * 2 / 2
    const one = update(backend, { w: vector(1) }, begin(2), { learningRate: 0.1, step: 1 })
    expect([await read(one.state.first?.w), await read(one.state.second?.w)]).toEqual([[1], [1]])
    expect((await read(one.parameters.w))[0]).toBeCloseTo(1.9, 12)
    // g = 0.05 + 0.5 * 1.9 = 1; m = 0.5 + 0.5 = 1, v = 0.75 + 0.25 = 1; corrected m = 4/3, v = 16/7
    const two = update(backend, { w: vector(0.05) }, one, { learningRate: 0.1, step: 2 })
    expect((await read(two.parameters.w))[0]).toBeCloseTo(1.9 - (0.1 * (4 / 3)) / Math.sqrt(16 / 7), 12)
  })

  it('moves every parameter by the learning rate at first, whatever the size of its gradient', async () => {
    const size = fc.double({ min: 1e-3, max: 1e3, noNaN: true })
    await fc.assert(
      fc.asyncProperty(size, fc.boolean(), async (magnitude, negative) => {
        const gradient = negative ? -magnitude : magnitude
        const { parameters } = adam().update(backend, { w: vector(gradient) }, begin(0.5), {
          learningRate: 0.01,
          step: 1,
        })
        expect((await read(parameters.w))[0]).toBeCloseTo(0.5 - 0.01 * Math.sign(gradient), 6)
      }),
    )
  })

  it('takes a factor as it takes smaller gradients, and keeps parameters within their limits', async () => {
    const options = { learningRate: 2, step: 1 }
    const scaled = adam().update(backend, { w: vector(3, -1) }, begin(1, 2), { ...options, factor: backend.full(0.25) })
    const smaller = adam().update(backend, { w: vector(0.75, -0.25) }, begin(1, 2), options)
    expect(await read(scaled.state.second?.w)).toEqual(await read(smaller.state.second?.w))
    expect(await read(scaled.parameters.w)).toEqual(await read(smaller.parameters.w))
    const limited = adam().update(backend, { w: vector(3, -1) }, begin(1, 2), { ...options, limits: { w: 0.5 } })
    expect(await read(limited.parameters.w)).toEqual([-0.5, 0.5])
  })

  it('asks which update it is', () => {
    expect(() => adam().update(backend, { w: vector(1) }, begin(1), { learningRate: 1 })).toThrow(
      new RangeError('adam: the step is missing'),
    )
  })
})
