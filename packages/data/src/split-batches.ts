import { type CpnasError, cpnasError } from '@cpnas/core'
import { type Either, left, map } from 'fp-ts/lib/Either.js'
import { type Augmentation, type AugmentationOptions, augmentationFor } from './augmentation.js'
import { type Batches, batchCount, batches } from './batches.js'
import type { Dataset } from './dataset.js'
import { allIndices, type Split, shuffle, split, subset } from './split.js'

/** The batches of both splits. */
export interface SplitBatches {
  /** Images of the training and of the validation split. */
  readonly trainingImages: number
  readonly validationImages: number
  readonly trainingSteps: number
  /** 0 without validation images. */
  readonly validationSteps: number
  /** Shuffled and augmented anew in every epoch (from 1); what does not fill a batch waits for another epoch. The first `skip` batches are left out. */
  readonly training: (epoch: number, skip?: number) => Batches
  /** All images of the validation split, always in the same order, in which classes are mixed, as they are. */
  readonly validation: Batches
}

/** The images that a run uses, and how. */
export interface SplitOptions extends AugmentationOptions {
  readonly seed: number
  /** Of the data set that is used; above 0, at most 1. */
  readonly share: number
  /** Of the images used, those that validate; 0 to below 1. */
  readonly validationShare: number
  readonly batchSize: number
}

/** The images of a run by index: `selected` validate, `rest` train. */
export const splitImages = (
  dataset: Pick<Dataset, 'count' | 'labels' | 'classNames'>,
  { seed, share, validationShare }: Pick<SplitOptions, 'seed' | 'share' | 'validationShare'>,
): Split => split(dataset, validationShare, seed, share < 1 ? subset(dataset, share, seed) : allIndices(dataset))

const refuse = (option: keyof SplitOptions, problem: string, remedy: string): Either<CpnasError, never> =>
  left(cpnasError('InvalidOption', option, problem, remedy))

/**
 * The images that a run trains with and those it validates with, each balanced by class, in batches: a pure function of its arguments.
 * InvalidOption: the training split does not hold a whole batch, the validation split holds no image where it is asked for (with
 * `validation` `batches` it must hold a whole batch, too), or a way of augmenting that the data do not allow.
 */
export const openSplits = (
  dataset: Dataset,
  options: SplitOptions,
  validation: 'images' | 'batches' = 'images',
): Either<CpnasError, SplitBatches> => {
  const { seed, share, validationShare, batchSize } = options
  const { selected, rest } = splitImages(dataset, options)
  const smaller = validation === 'batches' && selected.length < rest.length ? 'validation' : 'training'
  const images = smaller === 'training' ? rest.length : selected.length
  if (images === 0)
    return refuse('share', `${share} of the training images leaves none for the ${smaller} split`, 'Give more')
  if (batchSize > images)
    return refuse(
      'batchSize',
      `${batchSize} is larger than the ${smaller} split of ${images} images`,
      `Give at most ${images}, or raise share (now ${share}) or ${smaller === 'training' ? 'lower' : 'raise'} validationShare (now ${validationShare})`,
    )
  if (validationShare > 0 && selected.length === 0)
    return refuse(
      'validationShare',
      `${validationShare} of ${rest.length} images is none`,
      'Give 0 to do without a validation split, or more',
    )
  return map(
    (augmentation: Augmentation): SplitBatches => ({
      trainingImages: rest.length,
      validationImages: selected.length,
      trainingSteps: batchCount(rest.length, batchSize, 'drop'),
      validationSteps: batchCount(selected.length, batchSize),
      training: (epoch, skip = 0) =>
        batches(dataset, shuffle(rest, seed, epoch), { batchSize, augmentation, seed, epoch, lastBatch: 'drop', skip }),
      validation: batches(dataset, shuffle(selected, seed), { batchSize }),
    }),
  )(augmentationFor(options, dataset))
}
