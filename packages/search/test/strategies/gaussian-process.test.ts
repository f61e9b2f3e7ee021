import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { expectedImprovement, operationKernel } from '../../src/strategies/bayesian.js'
import { gaussianProcess } from '../../src/strategies/gaussian-process.js'

const independent = (a: number, b: number): number => (a === b ? 1 : 0)
const smooth = (a: number, b: number): number => Math.exp(-((a - b) ** 2))

describe('a Gaussian process', () => {
  it('halves what it sees at independent points with as much noise as variance', () => {
    // The values 1 and 3 have the mean 2; K + noise is 2 I, so half of -1 and 1 is believed: 1.5 and 2.5.
    // The likeliest variance is (1 + 1) / 2 / 2 = 0.5, of which half remains: a deviation of 0.5.
    const at = gaussianProcess([10, 20], [1, 3], [independent], [1])
    expect(at(10).mean).toBeCloseTo(1.5, 12)
    expect(at(20).mean).toBeCloseTo(2.5, 12)
    expect(at(10).deviation).toBeCloseTo(0.5, 12)
    expect(at(30).mean).toBe(2)
    expect(at(30).deviation).toBeCloseTo(Math.sqrt(0.5), 12)
  })

  it('goes through what it sees without noise, and is less sure elsewhere', () => {
    const points = [0, 1, 2.5]
    const at = gaussianProcess(points, [3, -1, 2], [smooth], [1e-9])
    for (const [i, x] of points.entries()) {
      expect(at(x).mean).toBeCloseTo([3, -1, 2][i]!, 5)
      expect(at(x).deviation).toBeLessThan(at(1.75).deviation)
    }
  })

  it('takes the likelier of two noises', () => {
    // One point, seen many times with other values: all is noise. Seen with the same values: none is.
    const points = [0, 0, 0, 0, 5, 5, 5, 5]
    const spread = gaussianProcess(points, [1, -1, 1, -1, 1, -1, 1, -1], [smooth], [0.001, 10])
    const alike = gaussianProcess(points, [1, 1, 1, 1, -1, -1, -1, -1], [smooth], [0.001, 10])
    expect(Math.abs(spread(0).mean)).toBeLessThan(0.01)
    expect(alike(0).mean).toBeGreaterThan(0.99)
  })
})

describe('the kernel of operations', () => {
  const operations = ['none', 'conv_3x3', 'skip_connect']
  const cell = fc.array(fc.constantFrom(...operations), { minLength: 4, maxLength: 4 })
  const genotype = fc.record({ normal: cell, reduce: cell })

  it('is the share of equal edges, of equal pairs of edges, and of equal operations wherever they are', () => {
    const a = { normal: ['none', 'none', 'conv_3x3'], reduce: [] }
    const b = { normal: ['none', 'conv_3x3', 'conv_3x3'], reduce: [] }
    const kernel = (count: number, pair: number) => operationKernel(['normal'], { count, pair })(a, b)
    expect(kernel(0, 0)).toBeCloseTo(2 / 3, 12)
    expect(kernel(0, 1)).toBeCloseTo(1 / 3, 12)
    expect(kernel(0, 0.5)).toBeCloseTo(1 / 2, 12)
    // Twice none and once conv_3x3, against once and twice: 2 + 2 of 9 pairs.
    expect(kernel(1, 0)).toBeCloseTo(4 / 9, 12)
    expect(kernel(0.5, 0)).toBeCloseTo((4 / 9 + 2 / 3) / 2, 12)
  })

  it('is symmetric and positive semidefinite', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(genotype, fc.double({ min: -1, max: 1, noNaN: true })), { minLength: 1, maxLength: 12 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (weighted, count, pair) => {
          const kernel = operationKernel(['normal', 'reduce'], { count, pair })
          let form = 0
          for (const [a, x] of weighted) {
            for (const [b, y] of weighted) {
              expect(kernel(a, b)).toBe(kernel(b, a))
              form += x * y * kernel(a, b)
            }
          }
          expect(form).toBeGreaterThan(-1e-9)
        },
      ),
    )
  })
})

describe('expected improvement', () => {
  it('is the mean of what exceeds the best', () => {
    // Of a standard normal above 0: 1 / sqrt(2 pi); of one around 1: Phi(1) + phi(1) = 0.8413 + 0.2420.
    expect(expectedImprovement({ mean: 0, deviation: 1 }, 0)).toBeCloseTo(0.398942, 5)
    expect(expectedImprovement({ mean: 1, deviation: 1 }, 0)).toBeCloseTo(1.083316, 5)
    expect(expectedImprovement({ mean: -1, deviation: 1 }, 0)).toBeCloseTo(0.083316, 5)
    expect(expectedImprovement({ mean: 3, deviation: 0 }, 1)).toBe(2)
    expect(expectedImprovement({ mean: 0, deviation: 0 }, 1)).toBe(0)
  })
})
