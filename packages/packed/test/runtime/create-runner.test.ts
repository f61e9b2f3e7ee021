import { createRunner, interpret, type Program, type RunnerOptions, type Window } from '@cpnas/packed'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cases } from '../support/programs.js'

/** A sign of a sum in float32 may differ from that in float64 where the sum is this close to 0, in terms of its largest values. */
const rounding = 1e-4

const largest = (values: ArrayLike<number>): number => Array.from(values).reduce((a, b) => Math.max(a, Math.abs(b)), 0)

/**
 * How far the values of a runner are from those of the interpreter at most: floats in terms of the largest of their map; of bits,
 * none may differ but signs of sums next to 0, from where on nothing is compared.
 */
const distance = (program: Program, mine: readonly ArrayLike<number>[], image: Float32Array): number => {
  const { values } = interpret(program, image)
  let worst = 0
  for (let i = 0; i < values.length; i++) {
    const expected = values[i]!
    const actual = mine[i]!
    expect(actual.length).toBe(expected.length)
    const step = program.steps[i - 1]
    const scale = Math.max(1, largest(expected))
    for (let k = 0; k < expected.length; k++) {
      const off = Math.abs(actual[k]! - expected[k]!)
      if (step?.kind === 'sign' && off > 0) {
        const sum = values[step.input]!
        expect(Math.abs(sum[k]!)).toBeLessThan(rounding * Math.max(1, largest(sum)))
        return worst
      }
      worst = Math.max(worst, off / scale)
    }
  }
  return worst
}

/** A 3x3 convolution of 5x5 pixels, every weight of which is +1. */
const convolutionOfOnes = (channels: number): Program => {
  const products = 9 * channels ** 2
  const signs = Uint8Array.from({ length: Math.ceil(products / 8) }, (_, i) => 2 ** Math.min(8, products - 8 * i) - 1)
  const window: Window = { size: 3, stride: 1, dilation: 1, shift: 0 }
  const scale = new Float32Array(channels).fill(1)
  return {
    image: { height: 5, width: 5, channels },
    steps: [
      { kind: 'sign', input: 0 },
      {
        kind: 'sum',
        height: 5,
        width: 5,
        terms: [{ kind: 'binary-convolution', inputs: [1], window, signs, scale, channel: 0 }],
        bias: new Float32Array(channels),
      },
      { kind: 'classifier', inputs: [2], weights: new Float32Array(channels), bias: new Float32Array(1) },
    ],
  }
}

const choices: readonly RunnerOptions[] = (['lookup', 'popcount'] as const).flatMap(loop =>
  [true, false].map(relaxed => ({ loop, relaxed })),
)

describe.each(choices)('$loop, relaxed SIMD: $relaxed', options => {
  test('every value of a program is what the interpreter says, the bits exactly', async () => {
    await fc.assert(
      fc.asyncProperty(cases(1), async ([model, image]) => {
        const runner = await createRunner(model, options)
        expect(distance(model.program, runner.trace(image), image)).toBeLessThan(1e-5)
      }),
      { numRuns: 200 },
    )
  })

  test.each([7, 28, 32, 64, 130])('of %i channels, products that all agree are added up', async channels => {
    const program = convolutionOfOnes(channels)
    const image = new Float32Array(25 * channels).fill(1)
    const metadata = { classes: ['one'], normalization: { mean: [0], std: [1] } }
    const runner = await createRunner({ metadata, program }, options)
    expect(runner.trace(image)[2]!.slice(channels * 12, channels * 13)).toEqual(
      new Float32Array(channels).fill(9 * channels),
    )
    expect(distance(program, runner.trace(image), image)).toBe(0)
  })
})

test('both loops give the same scores, bit for bit', async () => {
  await fc.assert(
    fc.asyncProperty(cases(1), async ([model, image]) => {
      const [a, b] = await Promise.all((['lookup', 'popcount'] as const).map(loop => createRunner(model, { loop })))
      expect(a!.scores(image)).toEqual(b!.scores(image))
    }),
    { numRuns: 50 },
  )
})

test('images of a batch have the scores that they have alone, in any order', async () => {
  await fc.assert(
    fc.asyncProperty(cases(3), async ([model, three]) => {
      const runner = await createRunner(model, { loop: 'lookup' })
      const size = three.length / 3
      const alone = [2, 1, 0].map(i => [...runner.scores(three.subarray(i * size, (i + 1) * size))]).reverse()
      expect([...runner.scores(three, 3)]).toEqual(alone.flat())
    }),
    { numRuns: 30 },
  )
})

describe('a runner', async () => {
  const [model, image] = fc.sample(cases(1), { numRuns: 1, seed: 3 })[0]!
  const runner = await createRunner(model)

  test('says what it chose and why', () => {
    const { loop, measured } = runner.choice
    expect(measured!.lookup < measured!.popcount ? 'lookup' : 'popcount').toBe(loop)
  })

  test('profiles every step', () => {
    const profile = runner.profile(image, 3)
    expect(profile.map(({ kind }) => kind)).toEqual(model.program.steps.map(({ kind }) => kind))
    for (const { milliseconds } of profile) expect(milliseconds).toBeGreaterThanOrEqual(0)
  })

  test('refuses images of another size', () => {
    expect(() => runner.scores(new Float32Array(image.length + 1))).toThrow(RangeError)
  })
})

test('a program that is none is refused', async () => {
  const program: Program = { image: { height: 1, width: 1, channels: 1 }, steps: [] }
  const metadata = { classes: [], normalization: { mean: [0], std: [1] } }
  await expect(createRunner({ metadata, program })).rejects.toThrow('createRunner: program')
})
