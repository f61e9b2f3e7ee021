import { type CpnasError, cpnasError } from '@cpnas/core'
import {
  type Augmentation,
  augmentationFor,
  type Dataset,
  type SplitBatches,
  splitBatches,
  splitIndices,
} from '@cpnas/data'
import { type Either, left, map } from 'fp-ts/lib/Either.js'
import type { TrainingConfig } from './config.js'

/** A pure function of data and configuration. InvalidOption if a split holds nothing: no whole batch to train with, no image to validate. */
export const trainingSplits = (dataset: Dataset, config: TrainingConfig): Either<CpnasError, SplitBatches> => {
  const { seed, share, validationShare, batchSize } = config
  const indices = splitIndices(dataset, config)
  const { training, validation } = indices
  if (training.length === 0)
    return left(
      cpnasError('InvalidOption', 'share', `${share} of the training images leaves none to train with`, 'Give more'),
    )
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
        `${validationShare} of ${training.length} images is none`,
        'Give 0 to do without a validation split, or more',
      ),
    )
  return map((augmentation: Augmentation) => splitBatches(dataset, indices, { seed, batchSize, augmentation }))(
    augmentationFor(config, dataset),
  )
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
