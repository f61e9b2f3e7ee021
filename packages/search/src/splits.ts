import type { CpnasError } from '@cpnas/core'
import { augmentationFor, type Dataset, type SplitBatches, splitBatches, splitIndices } from '@cpnas/data'
import { type Either, flatMap, map } from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { SearchConfig } from './config.js'
import { checkSplit } from './options.js'

/** The two halves of the images that a search sees, in batches. InvalidOption if one of them does not hold a batch. */
export const splitsOf = (dataset: Dataset, config: SearchConfig): Either<CpnasError, SplitBatches> => {
  const { seed, batchSize } = config
  const indices = splitIndices(dataset, config)
  return pipe(
    checkSplit(config, { training: indices.training.length, validation: indices.validation.length }),
    flatMap(() => augmentationFor(config, dataset)),
    map(augmentation => splitBatches(dataset, indices, { seed, batchSize, augmentation })),
  )
}
