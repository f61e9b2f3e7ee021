import { memoryDataset, openSplits } from '@cpnas/data'
import { checkConfig } from '@cpnas/search'
import { checkTrainingConfig } from '@cpnas/training'
import fc from 'fast-check'
import { isRight } from 'fp-ts/lib/Either.js'
import { describe, expect, test } from 'vitest'
import {
  type CreationConfig,
  type ImageFacts,
  planBudget,
  planTraining,
  type Speeds,
} from '../../src/creation/budget.js'

/** Measured on two cores with oneDNN. */
const speeds: Speeds = { image: { 8: 0.0007, 16: 0.0016, 24: 0.0026, 32: 0.0042 }, step: 0 }
const minutes = (count: number): CreationConfig => ({ seed: 0, minutes: count, flip: true })
const cifar: ImageFacts = { images: 50_000, testImages: 10_000, size: 32, resizable: false }
const photos: ImageFacts = { images: 640, testImages: 160, size: 224, resizable: true }

describe('planBudget', () => {
  test('CIFAR-10 in 15 minutes: 16 channels; the 300,000 images of 24 would take 780 of 630 seconds', () => {
    const { channels, imageSize, search } = planBudget(minutes(15), cifar, speeds)
    expect({ channels, imageSize }).toEqual({ channels: 16, imageSize: undefined })
    // 270 s for Children of 8 channels and the validation of 3/7 as many: 270 / (0.0007 * (1 + 1/7)) images, 84 times 4,000.
    expect(search).toMatchObject({
      strategy: 'bayesian',
      withParent: 'auto',
      samples: 60,
      epochsPerSample: 1,
      validationShare: 0.3,
    })
    expect(search.share * 0.7 * 50_000).toBeCloseTo(270 / (0.0007 * (8 / 7)) / 60, 6)
  })

  test('the time of a step counts where batches are small', () => {
    const tiny: ImageFacts = { images: 32, testImages: 8, size: 32, resizable: false }
    const epochs = (step: number) => planBudget(minutes(1), tiny, { ...speeds, step }).search.epochsPerSample
    // 22.4 images train in batches of 2: 18 s / (8 * (0.0007 + 0.01 / 2) * (1 + 1/7) * 22.4) = 15.4 epochs.
    expect([epochs(0), epochs(0.01)]).toEqual([20, 15])
  })

  test('more minutes give wider networks and more candidates, and larger pictures of those of any size', () => {
    const grow = (facts: ImageFacts, pick: (plan: ReturnType<typeof planBudget>) => number): readonly number[] => {
      const values = [0.1, 1, 5, 15, 60, 180].map(count => pick(planBudget(minutes(count), facts, speeds)))
      expect(values).toEqual(values.toSorted((a, b) => a - b))
      return values
    }
    expect(grow(cifar, ({ channels }) => channels)).toEqual([8, 8, 16, 16, 32, 32])
    expect(grow(cifar, ({ search }) => search.samples * search.epochsPerSample * search.share)[0]).toBeGreaterThan(0)
    expect(grow(photos, ({ imageSize }) => imageSize!)).toEqual([32, 32, 32, 64, 128, 128])
  })
})

describe('planTraining', () => {
  test('as many epochs as the seconds hold', () => {
    // An epoch: 45,000 images, and 5,000 to validate at a third of the time: 74.67 s. Tests: 10.67 s, overhead: 4 s.
    const config = planTraining(minutes(15), cifar, 16, 0.0016, 630)
    expect(config).toMatchObject({ epochs: 8, share: 1, channels: 16, batchSize: 128, crop: 2, flip: true })
    expect(planTraining(minutes(60), cifar, 16, 0.0016, 2400)).toMatchObject({ epochs: 31, crop: 4 })
  })

  test('a share of the images where not one epoch fits', () => {
    const { epochs, share } = planTraining(minutes(1), cifar, 8, 0.0016, 4 + 2 * 10_000 * (0.0016 / 3) + 37)
    expect(epochs).toBe(1)
    expect(share).toBeCloseTo(37 / 74.667, 3)
  })
})

test('whatever the images, the time and the speed: both configurations are valid and have whole batches', () => {
  fc.assert(
    fc.property(
      fc.record({
        images: fc.integer({ min: 8, max: 5000 }),
        testImages: fc.integer({ min: 1, max: 1000 }),
        size: fc.integer({ min: 8, max: 224 }),
        resizable: fc.boolean(),
      }),
      fc.integer({ min: 2, max: 4 }),
      fc.double({ min: 0.1, max: 1000, noNaN: true }),
      fc.double({ min: 1e-5, max: 1, noNaN: true }),
      (facts, classes, length, slowness) => {
        const image = Object.fromEntries(Object.entries(speeds.image).map(([k, v]) => [k, v * slowness * 100]))
        const slow: Speeds = { image: image as unknown as Speeds['image'], step: slowness / 10 }
        const config = minutes(length)
        const { search, channels, imageSize } = planBudget(config, facts, slow)
        expect(isRight(checkConfig(search))).toBe(true)
        const size = imageSize ?? facts.size
        const training = planTraining(config, { ...facts, size }, channels, slow.image[8], 42 * length)
        expect(isRight(checkTrainingConfig(training))).toBe(true)
        const set = memoryDataset(
          {
            name: 'any',
            labels: Uint8Array.from({ length: facts.images }, (_, i) => i % classes),
            height: 1,
            width: 1,
            channels: 1,
            classNames: Array.from({ length: classes }, (_, k) => String(k)),
            statistics: { mean: [0], std: [1] },
          },
          new Uint8Array(facts.images),
        )
        expect(openSplits(set, { ...search, crop: 0 }, 'batches')).toMatchObject({ _tag: 'Right' })
        expect(openSplits(set, { ...training, crop: 0 })).toMatchObject({ _tag: 'Right' })
      },
    ),
  )
})
