import type { Augmentation } from './augmentation.js'
import { type Batches, batchCount, batches } from './batches.js'
import type { Dataset } from './dataset.js'
import { allIndices, shuffle, split, subset } from './split.js'

/** The images that train and those that validate, each in ascending order. */
export interface SplitIndices {
  readonly training: Uint32Array
  readonly validation: Uint32Array
}

/**
 * The images that a run sees, balanced by class: of a `share` of the data set (above 0, at most 1) those that validate, a
 * `validationShare` (0 to below 1), and the rest.
 */
export const splitIndices = (
  dataset: Dataset,
  { seed, share, validationShare }: { readonly seed: number; readonly share: number; readonly validationShare: number },
): SplitIndices => {
  const used = share < 1 ? subset(dataset, share, seed) : allIndices(dataset)
  const { selected: validation, rest: training } = split(dataset, validationShare, seed, used)
  return { training, validation }
}

/** The batches of both splits. */
export interface SplitBatches {
  readonly trainingSteps: number
  /** 0 without validation images. */
  readonly validationSteps: number
  /** Shuffled and augmented anew in every epoch (from 1); what does not fill a batch waits for another epoch. The first `skip` batches are left out. */
  readonly training: (epoch: number, skip?: number) => Batches
  /** All images of the validation split, always in the same order, in which classes are mixed, as they are. */
  readonly validation: Batches
}

/** A pure function of its arguments. */
export const splitBatches = (
  dataset: Dataset,
  { training, validation }: SplitIndices,
  {
    seed,
    batchSize,
    augmentation,
  }: { readonly seed: number; readonly batchSize: number; readonly augmentation: Augmentation },
): SplitBatches => ({
  trainingSteps: batchCount(training.length, batchSize, 'drop'),
  validationSteps: batchCount(validation.length, batchSize),
  training: (epoch, skip = 0) =>
    batches(dataset, shuffle(training, seed, epoch), { batchSize, augmentation, seed, epoch, lastBatch: 'drop', skip }),
  validation: batches(dataset, shuffle(validation, seed), { batchSize }),
})
