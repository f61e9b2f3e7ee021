import { memoryDataset, openSplits } from '@cpnas/data'
import { checkConfig } from '@cpnas/search'
import { checkTrainingConfig } from '@cpnas/training'
import fc from 'fast-check'
import { isRight } from 'fp-ts/lib/Either.js'
import { describe, expect, test } from 'vitest'
import {
  type CreationConfig,
  type ImageFacts,
  type NetworkToTrain,
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
    expect(search!.share * 0.7 * 50_000).toBeCloseTo(270 / (0.0007 * (8 / 7)) / 60, 6)
  })

  test('the time of a step counts where batches are small', () => {
    const tiny: ImageFacts = { images: 32, testImages: 8, size: 32, resizable: false }
    const epochs = (step: number) => planBudget(minutes(1), tiny, { ...speeds, step }).search!.epochsPerSample
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
    expect(grow(cifar, ({ search }) => search!.samples * search!.epochsPerSample * search!.share)[0]).toBeGreaterThan(0)
    expect(grow(photos, ({ imageSize }) => imageSize!)).toEqual([32, 32, 32, 64, 128, 128])
  })

  test('with a trained network there is no search, and pictures are as large as 30 epochs allow, but no more than twice what it knows', () => {
    const begun = { channels: 24, imageSize: 32 }
    const plan = (count: number) => planBudget(minutes(count), photos, speeds, begun)
    // Twice as large as those that it learned from, and no larger.
    expect(plan(60)).toEqual({ imageSize: 64, channels: 24, search: undefined })
    // 19,200 images of 64x64, four times 32x32: 199.7 s, and tests of 1.1 s; of 48x48: 112.3 and 0.6 s. There are 236 and 116 s.
    expect([plan(4).imageSize, plan(2).imageSize, plan(1).imageSize]).toEqual([64, 48, 32])
    expect(planBudget(minutes(15), cifar, speeds, begun).imageSize).toBe(undefined)
  })
})

const cells = (channels: number): NetworkToTrain => ({ options: { channels }, begun: false })

describe('planTraining', () => {
  test('as many epochs as the seconds hold', () => {
    // An epoch: 45,000 images, and 5,000 to validate at a third of the time: 74.67 s. Tests: 10.67 s, overhead: 4 s.
    const config = planTraining(minutes(15), cifar, cells(16), 0.0016, 630)
    expect(config).toMatchObject({ epochs: 8, share: 1, channels: 16, batchSize: 128, crop: 2, flip: true })
    expect(planTraining(minutes(60), cifar, cells(16), 0.0016, 2400)).toMatchObject({ epochs: 31, crop: 4 })
  })

  test('a share of the images where not one epoch fits', () => {
    const { epochs, share } = planTraining(minutes(1), cifar, cells(8), 0.0016, 4 + 2 * 10_000 * (0.0016 / 3) + 37)
    expect(epochs).toBe(1)
    expect(share).toBeCloseTo(37 / 74.667, 3)
  })

  test('a trained network gets at most 30 epochs, in smaller steps, and stays what it is', () => {
    const network: NetworkToTrain = { options: { channels: 24, cells: 5, scale: 'layer' }, begun: true }
    expect(planTraining(minutes(15), { ...photos, size: 64 }, network, 0.01, 900)).toMatchObject({
      epochs: 30,
      learningRate: 0.003,
      channels: 24,
      cells: 5,
      scale: 'layer',
      validationShare: 0,
    })
    // An epoch of 640 images: 6.4 s. Tests: 1.07 s, overhead: 4 s.
    expect(planTraining(minutes(1), { ...photos, size: 64 }, network, 0.01, 40).epochs).toBe(5)
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
      fc.option(
        fc.record({ channels: fc.integer({ min: 1, max: 100 }), imageSize: fc.integer({ min: 8, max: 224 }) }),
        { nil: undefined },
      ),
      (facts, classes, length, slowness, begun) => {
        const image = Object.fromEntries(Object.entries(speeds.image).map(([k, v]) => [k, v * slowness * 100]))
        const slow: Speeds = { image: image as unknown as Speeds['image'], step: slowness / 10 }
        const config = minutes(length)
        const { search, channels, imageSize } = planBudget(config, facts, slow, begun)
        expect(search === undefined).toBe(begun !== undefined)
        expect(search === undefined || isRight(checkConfig(search))).toBe(true)
        const size = imageSize ?? facts.size
        const network = { options: { channels }, begun: begun !== undefined }
        const training = planTraining(config, { ...facts, size }, network, slow.image[8], 42 * length)
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
        if (search !== undefined)
          expect(openSplits(set, { ...search, crop: 0 }, 'batches')).toMatchObject({ _tag: 'Right' })
        expect(openSplits(set, { ...training, crop: 0 })).toMatchObject({ _tag: 'Right' })
      },
    ),
  )
})
