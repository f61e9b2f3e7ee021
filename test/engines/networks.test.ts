import { backendOf } from '@cpnas/backends'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { engines, openIfThere } from './engines.js'
import { learn, lessons } from './learning.js'
import { replay } from './replay.js'
import { apart, stableExpectation } from './stable.js'
import { tracing } from './trace.js'

const tolerance = 1e-3

/** Parents that roundings do not decide about, with what the reference learns of them. */
const parents = await (async () => {
  const candidates = fc.sample(lessons, { numRuns: 5, seed: 1 }).map(lesson => ({ ...lesson, kind: 'parent' as const }))
  const all = await Promise.all(
    candidates.map(async lesson => ({ lesson, expected: await stableExpectation(lesson, tolerance) })),
  )
  return all.flatMap(({ lesson, expected }) => (expected ? [{ lesson, expected }] : []))
})()

test('most Parents do not hang on roundings', () => {
  expect(parents.length).toBeGreaterThan(2)
})

describe.each(engines)('$name', async engine => {
  const opened = await openIfThere(engine)
  if (opened === undefined) {
    test.skip(`${engine.name} is not available here`)
    return
  }
  const { kernels, held } = opened
  const { networks, jitter = 0 } = engine
  const backend = backendOf(kernels)
  afterAll(() => kernels.close())

  // A Child's signs hang on the last bit, so that two engines part ways in it and both are right. Each of the engine's own
  // steps on the way through it is held to the reference on the same operands.
  test('every kernel that a Child or a Parent calls in two steps computes what the reference computes of the same operands', async () => {
    await fc.assert(
      fc.asyncProperty(lessons, async lesson => {
        const before = held()
        const { kernels: observed, finish } = tracing(kernels)
        await learn(backendOf(observed), lesson, 2)
        const errors = await replay(await finish())
        expect(errors.length).toBeGreaterThan(100)
        for (const { call, ratio, where } of errors) if (!(ratio <= 1)) throw new Error(`${call.kernel}, ${where}`)
        expect(held()).toEqual(before)
      }),
      { numRuns: networks },
    )
  })

  test('the loss and the gradients of whole Parents are those of the reference', async () => {
    for (const { lesson, expected } of parents)
      expect(apart(await learn(backend, lesson, 1), expected)).toBeLessThan(tolerance)
  })

  test('the same seed gives the same bits', async () => {
    // Small ones: engines in plain JavaScript take minutes for large ones.
    const small = lessons.filter(({ spec, size }) => spec.cells < 3 && spec.channels < 4 && size < 8)
    for (const lesson of fc.sample(small, { numRuns: 2, seed: 2 })) {
      const [first, second] = [await learn(backend, lesson, 2), await learn(backend, lesson, 2)]
      if (jitter === 0) expect(second).toEqual(first)
      else expect(apart(second, first)).toBeLessThan(jitter)
    }
  })
})
