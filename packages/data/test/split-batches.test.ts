import { memoryDataset, openSplits, type SplitOptions } from '@cpnas/data'
import fc from 'fast-check'
import { isRight } from 'fp-ts/lib/Either.js'
import { expect, test } from 'vitest'

const datasetOf = (count: number) =>
  memoryDataset(
    {
      ...{ name: 'test', height: 1, width: 1, channels: 1, classNames: ['a', 'b'] },
      labels: Uint8Array.from({ length: count }, (_, i) => i % 2),
      statistics: { mean: [0], std: [1] },
    },
    new Uint8Array(count),
  )
const plain = { seed: 0, share: 1, crop: 0, cropScale: 'none', flip: false, cutout: 0 } as const
const options = (
  change: Pick<SplitOptions, 'validationShare' | 'batchSize'> & Partial<SplitOptions>,
): SplitOptions => ({
  ...plain,
  ...change,
})

test('steps are those of the whole batches that train and of all images that validate', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 200 }),
      fc.double({ min: 0, max: 0.9, noNaN: true }),
      fc.integer({ min: 1, max: 20 }),
      (count, validationShare, batchSize) => {
        const opened = openSplits(datasetOf(count), options({ validationShare, batchSize }))
        const validation = Math.round(validationShare * count)
        if (isRight(opened)) {
          expect(opened.right.trainingSteps).toBe(Math.floor((count - validation) / batchSize))
          expect(opened.right.validationSteps).toBe(Math.ceil(validation / batchSize))
        } else expect(batchSize > count - validation || (validationShare > 0 && validation === 0)).toBe(true)
      },
    ),
  )
})

test('the training split must hold a whole batch, the validation split an image, or a whole batch where it is asked to', () => {
  const opened = (change: Parameters<typeof options>[0], validation?: 'batches') =>
    openSplits(datasetOf(100), options(change), validation)
  const half = { validationShare: 0.37, batchSize: 38 }
  expect(opened(half)._tag).toBe('Right')
  expect(opened(half, 'batches')).toMatchObject({
    left: {
      where: 'batchSize',
      problem: '38 is larger than the validation split of 37 images',
      remedy: 'Give at most 37, or raise share (now 1) or raise validationShare (now 0.37)',
    },
  })
  expect(opened({ validationShare: 0.37, batchSize: 64 })).toMatchObject({
    left: { where: 'batchSize', remedy: expect.stringContaining('lower validationShare (now 0.37)') },
  })
  expect(opened({ validationShare: 0.004, batchSize: 1 })).toMatchObject({ left: { where: 'validationShare' } })
  expect(opened({ validationShare: 0, batchSize: 1 })._tag).toBe('Right')
  expect(opened({ validationShare: 0, batchSize: 1, share: 0.001 })).toMatchObject({ left: { where: 'share' } })
})
