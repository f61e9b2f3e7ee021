import { type CpnasError, cpnasError } from '@cpnas/backends'
import { allIndices, batchCount, batches, type Dataset, shuffle, split, subset } from '@cpnas/data'
import type { BatchSource } from '@cpnas/training'
import { type Either, left, right } from 'fp-ts/lib/Either.js'
import type { TrainingConfig } from './config.js'

/** The images that train and those that choose the best epoch. */
export interface TrainingSplits {
  readonly trainingSteps: number
  /** 0 without a validation split. */
  readonly validationSteps: number
  /** Shuffled and augmented anew in every epoch (from 1); what does not fill a batch waits for another epoch. The first `skip` batches are left out. */
  readonly training: (epoch: number, skip?: number) => BatchSource
  /** All images of the validation split, always in the same order, as they are. */
  readonly validation: BatchSource
}

/** A pure function of data and configuration. InvalidOption if a split holds nothing: no whole batch to train with, no image to validate. */
export const trainingSplits = (dataset: Dataset, config: TrainingConfig): Either<CpnasError, TrainingSplits> => {
  const { seed, share, validationShare, batchSize, crop, flip, cutout, colorJitter } = config
  const used = share < 1 ? subset(dataset, share, seed) : allIndices(dataset)
  const { selected: validation, rest: training } = split(dataset, validationShare, seed, used)
  if (batchSize > training.length)
    return left(
      cpnasError(
        'InvalidOption',
        'batchSize',
        `${batchSize} is larger than the training split of ${training.length} images`,
        `Give at most ${training.length}, or raise share (now ${share}) or lower validationShare (now ${validationShare})`,
      ),
    )
  if (validationShare > 0 && validation.length === 0)
    return left(
      cpnasError(
        'InvalidOption',
        'validationShare',
        `${validationShare} of ${used.length} images is none`,
        'Give 0 to do without a validation split, or more',
      ),
    )
  const trainingSteps = batchCount(training.length, batchSize, 'drop')
  return right({
    trainingSteps,
    validationSteps: batchCount(validation.length, batchSize),
    training: (epoch, skip = 0) =>
      batches(dataset, shuffle(training, seed, epoch), {
        batchSize,
        augmentation: { crop, flip, cutout, colorJitter },
        seed,
        epoch,
        lastBatch: 'drop',
        skip,
      }),
    validation: batches(dataset, shuffle(validation, seed), { batchSize }),
  })
}

/** The next batches of an iterator, at most so many; the iterator stays open. */
export async function* take<A>(iterator: Iterator<A> | AsyncIterator<A>, count: number): AsyncGenerator<A> {
  for (let taken = 0; taken < count; taken++) {
    const next = await iterator.next()
    if (next.done) return
    yield next.value
  }
}

export const iteratorOf = <A>(source: Iterable<A> | AsyncIterable<A>): Iterator<A> | AsyncIterator<A> =>
  Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]()
