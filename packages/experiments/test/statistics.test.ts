import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { kendallTau, pairedTest, unpairedTest } from '../src/statistics.js'

describe("Kendall's tau", () => {
  test('of four values with one pair in the other order: (5 - 1) / 6', () => {
    expect(kendallTau([1, 2, 3, 4], [1, 2, 4, 3])).toBeCloseTo(4 / 6, 12)
  })

  test('with ties: two of three pairs agree, the third is tied in one list, so 2 / sqrt(2 * 3)', () => {
    expect(kendallTau([1, 1, 2], [1, 2, 3])).toBeCloseTo(2 / Math.sqrt(6), 12)
  })

  test('is 1 for the same order, -1 for the other, and 0 where all is tied', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer(), { minLength: 2, maxLength: 30 }), values => {
        expect(
          kendallTau(
            values,
            values.map(x => x / 7),
          ),
        ).toBeCloseTo(1, 12)
        expect(
          kendallTau(
            values,
            values.map(x => -x),
          ),
        ).toBeCloseTo(-1, 12)
        expect(
          kendallTau(
            values,
            values.map(() => 3),
          ),
        ).toBe(0)
      }),
    )
  })
})

describe('a paired test', () => {
  test('of eight equal differences: the sign of all must be the same, 2 of 256 ways', () => {
    const { mean, error, p } = pairedTest(Array(8).fill(0.5))
    expect([mean, error]).toEqual([0.5, 0])
    expect(p).toBeGreaterThan(0.005)
    expect(p).toBeLessThan(0.011)
  })

  test('rejects at 5 % in about one case of 20 where nothing differs', () => {
    const normal = (i: number): number =>
      Array.from({ length: 12 }, (_, k) => (Math.sin(i * 12.9898 + k * 78.233) * 43758.5453) % 1).reduce(
        (a, b) => a + b,
        0,
      )
    const rejected = Array.from(
      { length: 200 },
      (_, i) => pairedTest(Array.from({ length: 15 }, (_, j) => normal(31 * i + j))).p,
    ).filter(p => p < 0.05)
    expect(rejected.length).toBeLessThan(24)
    expect(rejected.length).toBeGreaterThan(1)
  })
})

describe('an unpaired test', () => {
  test('of four zeros and four ones: they must be told apart, 2 of 70 ways', () => {
    const { mean, error, p } = unpairedTest([0, 0, 0, 0], [1, 1, 1, 1])
    expect([mean, error]).toEqual([-1, 0])
    expect(p).toBeGreaterThan(0.024)
    expect(p).toBeLessThan(0.034)
  })

  test('of samples of other sizes: two standard errors of 1 / 2 and 4 / 3', () => {
    const { mean, error } = unpairedTest([0, Math.SQRT2], [2, 4, 6])
    expect(mean).toBeCloseTo(Math.SQRT1_2 - 4, 12)
    expect(error).toBeCloseTo(2 * Math.sqrt(1 / 2 + 4 / 3), 12)
  })
})
