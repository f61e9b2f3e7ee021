import type { CpnasError } from '@cpnas/backends'
import { allIndices, type Batches, batchCount, batches, type Dataset, shuffle, split, subset } from '@cpnas/data'
import { type Either, map } from 'fp-ts/lib/Either.js'
import type { SearchConfig } from './config.js'
import { checkSplit } from './options.js'

/** The two halves of the images that a search sees, and its batches of them. */
export interface Splits {
  readonly trainingSteps: number
  readonly validationSteps: number
  /** Shuffled and augmented anew in every epoch (from 1); what does not fill a batch waits for another epoch. */
  readonly training: (epoch: number) => Batches
  /** All images of the validation split, always in the same order, in which classes are mixed. */
  readonly validation: Batches
}

/** InvalidOption if a split does not hold one batch. */
export const splitsOf = (dataset: Dataset, config: SearchConfig): Either<CpnasError, Splits> => {
  const { seed, share, validationShare, batchSize, crop, flip, cutout } = config
  const used = share < 1 ? subset(dataset, share, seed) : allIndices(dataset)
  const { selected: validation, rest: training } = split(dataset, validationShare, seed, used)
  const images = { training: training.length, validation: validation.length }
  return map(
    (): Splits => ({
      trainingSteps: batchCount(training.length, batchSize, 'drop'),
      validationSteps: batchCount(validation.length, batchSize),
      training: epoch =>
        batches(dataset, shuffle(training, seed, epoch), {
          batchSize,
          augmentation: { crop, flip, cutout },
          seed,
          epoch,
          lastBatch: 'drop',
        }),
      validation: batches(dataset, shuffle(validation, seed), { batchSize }),
    }),
  )(checkSplit(config, images))
}
