import { referenceBackend } from '@cpnas/backends'
import { dropPathAt, dropPathMasks, learningRateAt, trainingPresets } from '@cpnas/training'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

const { quick } = trainingPresets
const rates = (options: Partial<typeof quick>, steps: number) =>
  Array.from({ length: (options.epochs ?? quick.epochs) * steps }, (_, step) =>
    learningRateAt({ ...quick, ...options }, step, steps),
  )

describe('the learning rate', () => {
  it('rises along a line, then falls along a cosine', () => {
    // Four steps of warm-up, four of a cosine from 1 to 0: cos of 0, 45, 90, 135 degrees.
    const options = { schedule: 'cosine', learningRate: 1, minLearningRate: 0, epochs: 4, warmupEpochs: 2 } as const
    const half = Math.SQRT1_2 / 2
    const expected = [0.25, 0.5, 0.75, 1, 1, 0.5 + half, 0.5, 0.5 - half]
    rates(options, 2).forEach((rate, step) => {
      expect(rate).toBeCloseTo(expected[step]!, 12)
    })
  })

  it('falls along a line in one cycle', () => {
    const options = {
      schedule: 'one-cycle',
      learningRate: 1,
      minLearningRate: 0.2,
      epochs: 3,
      warmupEpochs: 1,
    } as const
    const expected = [0.5, 1, 1, 0.8, 0.6, 0.4]
    rates(options, 2).forEach((rate, step) => {
      expect(rate).toBeCloseTo(expected[step]!, 12)
    })
  })

  it('stays if it is told to', () => {
    expect(
      rates({ schedule: 'constant', learningRate: 0.3, minLearningRate: 0, epochs: 2, warmupEpochs: 0 }, 2),
    ).toEqual([0.3, 0.3, 0.3, 0.3])
  })

  it('is never 0 and never above the largest; it rises, then it falls', () => {
    const options = fc.record({
      schedule: fc.constantFrom('cosine' as const, 'one-cycle' as const, 'constant' as const),
      learningRate: fc.double({ min: 1e-4, max: 1, noNaN: true }),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
      low: fc.double({ min: 0, max: 1, noNaN: true }),
      epochs: fc.integer({ min: 1, max: 6 }),
      steps: fc.integer({ min: 1, max: 9 }),
    })
    fc.assert(
      fc.property(options, ({ share, low, steps, ...given }) => {
        const all = { ...given, minLearningRate: low * given.learningRate, warmupEpochs: share * given.epochs }
        const found = rates(all, steps)
        const top = Math.ceil(all.warmupEpochs * steps)
        const tolerance = 1e-12
        for (const [step, rate] of found.entries()) {
          expect(rate).toBeGreaterThan(0)
          expect(rate).toBeLessThanOrEqual(given.learningRate + tolerance)
          const before = found[step - 1] ?? 0
          if (step < top) expect(rate).toBeGreaterThanOrEqual(before - tolerance)
          else if (step > top) {
            expect(rate).toBeLessThanOrEqual(before + tolerance)
            expect(rate).toBeGreaterThanOrEqual(all.minLearningRate - tolerance)
          }
        }
      }),
    )
  })
})

describe('drop-path', () => {
  it('becomes more probable from epoch to epoch, from 0', () => {
    const options = { dropPath: 0.2, epochs: 4 }
    expect([1, 2, 3, 4].map(epoch => dropPathAt(options, epoch))).toEqual([0, 0.05, 0.1, expect.closeTo(0.15, 12)])
  })

  it('leaves out images with its probability and keeps the expectation', async () => {
    const backend = referenceBackend()
    const mask = dropPathMasks(backend, 4000, 0.25, 1, 'here')
    const x = mask()
    const values = Array.from(await backend.read(x))
    expect(backend.shape(x)).toEqual([4000, 1, 1, 1])
    expect(new Set(values)).toEqual(new Set([0, Math.fround(4 / 3)]))
    // Standard deviation of the share of zeros: sqrt(0.25 * 0.75 / 4000) = 0.007.
    expect(values.filter(v => v === 0).length / 4000).toBeCloseTo(0.25, 1)
    expect(values.reduce((a, b) => a + b) / 4000).toBeCloseTo(1, 1)
  })

  it('draws by seed, place and call', async () => {
    const backend = referenceBackend()
    const draw = async (seed: number, place: string) => {
      const mask = dropPathMasks(backend, 64, 0.5, seed, place)
      return [await backend.read(mask()), await backend.read(mask())].map(values => Array.from(values).join())
    }
    const all = [await draw(1, '1 1'), await draw(2, '1 1'), await draw(1, '1 2'), await draw(1, '2 1')].flat()
    expect(new Set(all).size).toBe(8)
    expect(await draw(1, '1 1')).toEqual(all.slice(0, 2))
  })
})
