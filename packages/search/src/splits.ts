import type { CpnasError } from '@cpnas/backends'
import { type Dataset, type SplitBatches, splitBatches, splitIndices } from '@cpnas/data'
import { type Either, map } from 'fp-ts/lib/Either.js'
import type { SearchConfig } from './config.js'
import { checkSplit } from './options.js'

/** The two halves of the images that a search sees, in batches. InvalidOption if one of them does not hold a batch. */
export const splitsOf = (dataset: Dataset, config: SearchConfig): Either<CpnasError, SplitBatches> => {
  const { seed, batchSize, crop, flip, cutout } = config
  const indices = splitIndices(dataset, config)
  return map(() => splitBatches(dataset, indices, { seed, batchSize, augmentation: { crop, flip, cutout } }))(
    checkSplit(config, { training: indices.training.length, validation: indices.validation.length }),
  )
}
