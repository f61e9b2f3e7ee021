import { type CpnasError, cpnasError } from '@cpnas/backends'
import { operations } from '@cpnas/supernet'
import {
  addedOptions,
  batchOptions,
  checkOptions,
  checkRates,
  choice,
  flag,
  integer,
  type OptionTable,
  operationOptions,
  parseOptions,
  seedOption,
  share,
  sizeOptions,
} from '@cpnas/training'
import { type Either, flatMap, left, right } from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { SearchConfig } from './config.js'

/** The range and a description of every option of SearchConfig: what `checkConfig` enforces and a command line can be made of. */
export const searchOptions: OptionTable<SearchConfig> = {
  ...seedOption,
  ...sizeOptions,
  operations: {
    range: { kind: 'list', values: operations, minimum: 2 },
    description: 'operations that compete on every edge',
  },
  edges: { range: choice('all', 2), description: 'inputs kept on each node of the final cells' },
  ...operationOptions,
  shareWeights: { range: flag, description: 'one set of latent weights for Child and Parent' },
  passes: { range: integer(1), description: 'T: evaluations of every operation before a drop' },
  betaP: { range: { kind: 'number', minimum: 0 }, description: 'beta_P: weight of the Parent in the indicator' },
  epochsPerSample: { range: integer(1), description: 'training epochs of a sampled architecture' },
  warmupEpochs: { range: integer(0), description: 'epochs on random architectures before the first round' },
  share: { range: share, description: 'share of the training images used' },
  validationShare: {
    range: { kind: 'number', above: 0, below: 1 },
    description: 'share of the used images that validate',
  },
  ...batchOptions,
  learningRate: { range: { kind: 'number', above: 0 }, description: 'learning rate at the start' },
  minLearningRate: { range: { kind: 'number', minimum: 0 }, description: 'learning rate at the end of the cosine' },
  momentum: { range: { kind: 'number', minimum: 0, below: 1 }, description: 'momentum of SGD' },
  weightDecay: { range: { kind: 'number', minimum: 0 }, description: 'weight decay of SGD' },
  gradientClip: { range: { kind: 'number', above: 0 }, description: 'largest global norm of the gradients' },
}

/**
 * Every option in its range, and those that depend on one another consistent; the first that is not is an InvalidOption
 * that names it. `parseConfig` is for values from outside: unknown or missing options are errors too.
 */
export const checkConfig = (config: SearchConfig): Either<CpnasError, SearchConfig> =>
  pipe(checkOptions(searchOptions, config), flatMap(checkRates))

/** A configuration read from JSON: exactly the options of SearchConfig, each in its range. */
export const parseConfig = (value: unknown): Either<CpnasError, SearchConfig> =>
  pipe(parseOptions(searchOptions, value, 'a search', addedOptions), flatMap(checkRates))

/** Checks what only the data can tell: both splits must hold at least one whole batch. */
export const checkSplit = (
  config: SearchConfig,
  split: { readonly training: number; readonly validation: number },
): Either<CpnasError, void> => {
  const smaller = split.training < split.validation ? 'training' : 'validation'
  const images = split[smaller]
  if (images === 0)
    return left(
      cpnasError(
        'InvalidOption',
        'share',
        `${config.share} of the training images leaves the ${smaller} split empty`,
        'Give more',
      ),
    )
  return config.batchSize > images
    ? left(
        cpnasError(
          'InvalidOption',
          'batchSize',
          `${config.batchSize} is larger than the ${smaller} split of ${images} images`,
          `Give at most ${images}, or raise share (now ${config.share}) or change validationShare (now ${config.validationShare})`,
        ),
      )
    : right(undefined)
}
