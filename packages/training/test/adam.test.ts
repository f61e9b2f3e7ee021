import { referenceBackend } from '@cpnas/backends'
import { adam, type Learner, newLearner } from '@cpnas/training'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

const backend = referenceBackend()
type T = ReturnType<typeof backend.tensor>
const vector = (...values: readonly number[]): T => backend.tensor(values, [values.length])
const read = async (x: T | undefined): Promise<readonly number[]> => Array.from(await backend.read(x!))
const begin = (...w: readonly number[]): Learner<T> => newLearner(adam(), { w: vector(...w) })

/** A learner of the same values, of new tensors. */
const restored = async ({ parameters, state, updates }: Learner<T>): Promise<Learner<T>> => {
  const copy = async (record: Readonly<Record<string, T>>): Promise<Record<string, T>> =>
    Object.fromEntries(await Promise.all(Object.entries(record).map(async ([k, x]) => [k, vector(...(await read(x)))])))
  const slots = await Promise.all(Object.entries(state).map(async ([slot, record]) => [slot, await copy(record)]))
  return { parameters: await copy(parameters), state: Object.fromEntries(slots), updates }
}

describe('adam', () => {
  it('does two steps of the worked example', async () => {
    const { update } = adam({ beta1: 0.5, beta2: 0.75, epsilon: 0, weightDecay: 0.5 })
    // g = 1 + 0.5 * 2 = 2; m = 1, v = 1; corrected m = 1 / 0.5 = 2, v = 1 / 0.25 = 4; 2 - 0.1 * 2 / 2
    const one = update(backend, { w: vector(1) }, begin(2), { learningRate: 0.1 })
    expect([await read(one.state.first?.w), await read(one.state.second?.w)]).toEqual([[1], [1]])
    expect((await read(one.parameters.w))[0]).toBeCloseTo(1.9, 12)
    // g = 0.05 + 0.5 * 1.9 = 1; m = 0.5 + 0.5 = 1, v = 0.75 + 0.25 = 1; corrected m = 4/3, v = 16/7
    const two = update(backend, { w: vector(0.05) }, one, { learningRate: 0.1 })
    expect((await read(two.parameters.w))[0]).toBeCloseTo(1.9 - (0.1 * (4 / 3)) / Math.sqrt(16 / 7), 12)
  })

  it('moves every parameter by the learning rate at first, whatever the size of its gradient', async () => {
    const size = fc.double({ min: 1e-3, max: 1e3, noNaN: true })
    await fc.assert(
      fc.asyncProperty(size, fc.boolean(), async (magnitude, negative) => {
        const gradient = negative ? -magnitude : magnitude
        const { parameters } = adam().update(backend, { w: vector(gradient) }, begin(0.5), {
          learningRate: 0.01,
        })
        expect((await read(parameters.w))[0]).toBeCloseTo(0.5 - 0.01 * Math.sign(gradient), 6)
      }),
    )
  })

  it('takes a factor as it takes smaller gradients, and keeps parameters within their limits', async () => {
    const options = { learningRate: 2 }
    const scaled = adam().update(backend, { w: vector(3, -1) }, begin(1, 2), { ...options, factor: backend.full(0.25) })
    const smaller = adam().update(backend, { w: vector(0.75, -0.25) }, begin(1, 2), options)
    expect(await read(scaled.state.second?.w)).toEqual(await read(smaller.state.second?.w))
    expect(await read(scaled.parameters.w)).toEqual(await read(smaller.parameters.w))
    const limited = adam().update(backend, { w: vector(3, -1) }, begin(1, 2), { ...options, limits: { w: 0.5 } })
    expect(await read(limited.parameters.w)).toEqual([-0.5, 0.5])
  })

  it('follows its formula over any sequence of gradients, and resumed it goes on as if it had not stopped', async () => {
    const values = fc.double({ min: -10, max: 10, noNaN: true })
    const sequence = fc.array(fc.tuple(values, values), { minLength: 1, maxLength: 8 })
    const options = fc.record({
      beta1: fc.double({ min: 0, max: 0.99, noNaN: true }),
      beta2: fc.double({ min: 0, max: 0.9999, noNaN: true }),
      epsilon: fc.constantFrom(1e-8, 0.1),
      weightDecay: fc.constantFrom(0, 0.1),
    })
    await fc.assert(
      fc.asyncProperty(sequence, options, fc.nat(7), async (gradients, given, pause) => {
        const { update } = adam(given)
        const rate = (step: number) => 0.1 / step
        let learner = begin(1, -2)
        const wanted = { w: [1, -2], m: [0, 0], v: [0, 0] }
        for (const [index, gradient] of gradients.entries()) {
          const step = index + 1
          if (index === pause) learner = await restored(learner)
          learner = update(backend, { w: vector(...gradient) }, learner, { learningRate: rate(step) })
          for (const i of [0, 1]) {
            const g = gradient[i]! + given.weightDecay * wanted.w[i]!
            wanted.m[i] = given.beta1 * wanted.m[i]! + (1 - given.beta1) * g
            wanted.v[i] = given.beta2 * wanted.v[i]! + (1 - given.beta2) * (g * g)
            // Rounded as in the engine: where v nears 0, steps are so long that the last bit counts.
            const root = Math.sqrt(wanted.v[i]) * (1 / Math.sqrt(1 - given.beta2 ** step))
            const corrected = rate(step) / (1 - given.beta1 ** step)
            wanted.w[i] = wanted.w[i]! - corrected * (wanted.m[i] / (root + given.epsilon))
          }
        }
        const found = { w: learner.parameters.w, m: learner.state.first?.w, v: learner.state.second?.w }
        for (const name of ['w', 'm', 'v'] as const)
          for (const [i, x] of (await read(found[name])).entries()) expect(x).toBeCloseTo(wanted[name][i]!, 9)
      }),
    )
  })

  it('leaves a parameter without a gradient, and its averages, as they are', () => {
    const [a, b, first, second] = [vector(1), vector(2), vector(3), vector(4)]
    const learner = { parameters: { a, b }, state: { first: { b: first }, second: { b: second } }, updates: { b: 2 } }
    const after = adam().update(backend, { a: vector(1) }, learner, { learningRate: 0.1 })
    expect([after.parameters.b, after.state.first?.b, after.state.second?.b]).toEqual([b, first, second])
    expect(after.parameters.a).not.toBe(a)
    expect(after.updates).toEqual({ a: 1, b: 2 })
    expect(Object.keys(after.state.first!).toSorted()).toEqual(['a', 'b'])
  })

  it('does to each of several parameters, updated at different times, what it does to one alone', async () => {
    const { update } = adam({ weightDecay: 0.01 })
    const names = ['a', 'b', 'c'] as const
    const step = fc.record({
      gradients: fc.tuple(...names.map(() => fc.double({ min: -2, max: 2, noNaN: true }))),
      updated: fc.subarray([...names], { minLength: 1 }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 6 }), async steps => {
        const gradientsOf = ({ gradients, updated }: (typeof steps)[number], wanted: readonly string[]) =>
          Object.fromEntries(
            names.flatMap((name, i) =>
              updated.includes(name) && wanted.includes(name) ? [[name, vector(gradients[i]!)]] : [],
            ),
          )
        const run = (...wanted: readonly (typeof names)[number][]) =>
          steps.reduce(
            (learner, step) => update(backend, gradientsOf(step, wanted), learner, { learningRate: 0.1 }),
            newLearner(adam(), Object.fromEntries(wanted.map(name => [name, vector(1)]))),
          )
        const together = run(...names)
        for (const name of names) {
          const alone = run(name)
          expect(await read(together.parameters[name])).toEqual(await read(alone.parameters[name]))
          expect(together.updates[name]).toBe(alone.updates[name])
        }
      }),
    )
  })
})
