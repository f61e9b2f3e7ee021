import { type CpnasError, cpnasError } from '@cpnas/backends'
import { operations } from '@cpnas/supernet'
import { checkOptions, choice, flag, integer, type OptionTable, parseOptions, share } from '@cpnas/training'
import { type Either, flatMap, left, right } from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { SearchConfig } from './config.js'

/** The range and a description of every option of SearchConfig: what `checkConfig` enforces and a command line can be made of. */
export const searchOptions: OptionTable<SearchConfig> = {
  seed: { range: integer(0, 2 ** 31 - 1), description: 'seed of all randomness' },
  cells: { range: integer(3), description: 'cells of the network; reduction cells at 1/3 and 2/3' },
  channels: { range: integer(1), description: 'channels of the first cell' },
  operations: {
    range: { kind: 'list', values: operations, minimum: 2 },
    description: 'operations that compete on every edge',
  },
  edges: { range: choice('all', 2), description: 'inputs kept on each node of the final cells' },
  sepConvRepeat: { range: choice(1, 2), description: 'times a separable convolution is applied' },
  prelu: { range: flag, description: "PReLU after the Child's convolutions" },
  preprocessPrecision: {
    range: choice('binary', 'float'),
    description: "precision of the Child's preprocessing convolutions",
  },
  estimator: { range: choice('clipped-identity', 'polynomial'), description: 'straight-through estimator of sign' },
  scale: { range: choice('channel', 'layer'), description: 'one scale per output channel or per layer' },
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
  batchSize: { range: integer(1), description: 'images a step' },
  crop: { range: integer(0), description: 'random crop: pixels of padding, 0 for none' },
  flip: { range: flag, description: 'random horizontal flip' },
  cutout: { range: integer(0), description: 'side of the square cut out, 0 for none' },
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

const checkRates = (config: SearchConfig): Either<CpnasError, SearchConfig> =>
  config.minLearningRate > config.learningRate
    ? left(
        cpnasError(
          'InvalidOption',
          'minLearningRate',
          `${config.minLearningRate} is above learningRate ${config.learningRate}`,
          'The rate falls from learningRate to minLearningRate, so make minLearningRate the smaller one',
        ),
      )
    : right(config)

/** A configuration read from JSON: exactly the options of SearchConfig, each in its range. */
export const parseConfig = (value: unknown): Either<CpnasError, SearchConfig> =>
  pipe(parseOptions(searchOptions, value, 'a search'), flatMap(checkRates))

/** Checks what only the data can tell: both splits must hold at least one whole batch. */
export const checkSplit = (
  config: SearchConfig,
  split: { readonly training: number; readonly validation: number },
): Either<CpnasError, void> => {
  const smaller = split.training < split.validation ? 'training' : 'validation'
  const images = split[smaller]
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
