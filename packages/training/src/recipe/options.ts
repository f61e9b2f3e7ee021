import {
  type CpnasError,
  checkOptions,
  choice,
  cpnasError,
  flag,
  integer,
  type OptionRange,
  type OptionTable,
  parseOptions,
  share,
} from '@cpnas/core'
import { type Either, flatMap, left, right } from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import {
  addedOptions,
  batchOptions,
  checkRates,
  operationOptions,
  optimizerOptions,
  seedOption,
  sizeOptions,
  spaceOption,
} from '../common-options.js'
import type { TrainingConfig } from './config.js'

const weight: OptionRange = { kind: 'number', minimum: 0 }
/** 0 to below 1. */
const fraction: OptionRange = { kind: 'number', minimum: 0, below: 1 }

/** The range and a description of every option of TrainingConfig: what `checkTrainingConfig` enforces and a command line can be made of. */
export const trainingOptions: OptionTable<TrainingConfig> = {
  ...seedOption,
  precision: { range: choice('binary', 'float'), description: 'binary: the Child; float: its Parent' },
  ...spaceOption,
  ...sizeOptions,
  stem: { range: choice('cifar', 'imagenet'), description: 'cifar: one convolution; imagenet: three of stride 2' },
  affine: { range: flag, description: 'learn a scale and a shift in batch normalizations' },
  ...operationOptions,
  share: { range: share, description: 'share of the training images to use' },
  validationShare: { range: fraction, description: 'share of those images used for validation (0: none)' },
  ...batchOptions,
  colorJitter: {
    range: { kind: 'number', minimum: 0, maximum: 1 },
    description: 'strength of colour jitter, image folders only',
  },
  epochs: { range: integer(1), description: 'epochs per stage' },
  stages: { range: choice(1, 2), description: '2: binarize the activations first, then the weights' },
  ...optimizerOptions,
  schedule: {
    range: choice('cosine', 'one-cycle', 'constant'),
    description: 'learning-rate schedule after the warm-up',
  },
  learningRate: { range: { kind: 'number', above: 0 }, description: 'peak learning rate' },
  minLearningRate: {
    range: weight,
    description: 'final learning rate',
    idle: { option: 'schedule', values: ['constant'] },
  },
  warmupEpochs: { range: weight, description: 'warm-up epochs' },
  beta2: { range: fraction, description: 'Adam beta2', idle: { option: 'optimizer', values: ['sgd'] } },
  dropPath: { range: fraction, description: 'final probability of dropping an operation' },
  auxiliaryWeight: { range: weight, description: 'weight of the auxiliary loss (0: none)' },
  labelSmoothing: { range: fraction, description: 'label smoothing' },
  emaDecay: { range: fraction, description: 'decay of the weight average (0: none)' },
  statisticsDecay: { range: fraction, description: 'decay of the running batch statistics' },
  crossEntropyWeight: { range: weight, description: 'weight of the cross-entropy' },
  cpTarget: {
    range: choice('own', 'parent'),
    description: 'hold filters and features to its own, or to its Parent (the teacher)',
  },
  filterWeight: {
    range: weight,
    description: "weight of the filters' error, Child only",
    idle: { option: 'precision', values: ['float'] },
  },
  lambda: {
    range: weight,
    description: 'weight of the compactness, or of the distance to the Parent',
  },
  distillationWeight: { range: weight, description: 'weight of the distillation loss' },
  temperature: {
    range: { kind: 'number', above: 0 },
    description: 'distillation temperature',
    idle: { option: 'distillationWeight', values: [0] },
  },
}

/** Values of options that trainings of earlier versions lack. */
export const addedTrainingOptions = { ...addedOptions, cpTarget: 'own' } as const

/** Why an option does not go with the others, and what to do. */
const inconsistency = (
  config: TrainingConfig,
): { readonly where: keyof TrainingConfig; readonly problem: string; readonly remedy: string } | undefined => {
  const { warmupEpochs, epochs, stages, precision } = config
  if (warmupEpochs > epochs)
    return {
      where: 'warmupEpochs',
      problem: `${warmupEpochs} is more than the ${epochs} epochs of a stage`,
      remedy: `Give at most ${epochs}, or raise epochs`,
    }
  if (stages === 2 && precision === 'float')
    return {
      where: 'stages',
      problem: '2 stages are for 1-bit networks: one of precision float has no first stage',
      remedy: 'Give stages 1, or precision binary',
    }
  if (config.cpTarget === 'parent' && precision === 'float')
    return {
      where: 'cpTarget',
      problem: 'parent is for 1-bit networks: a network of precision float is a Parent itself',
      remedy: 'Give cpTarget own, or precision binary',
    }
  if (config.cpTarget === 'parent' && config.filterWeight === 0 && config.lambda === 0)
    return {
      where: 'cpTarget',
      problem: 'parent has no effect: filterWeight and lambda are 0',
      remedy: 'Give one of them a weight above 0, or cpTarget own',
    }
  if (config.stem === 'imagenet' && config.channels < 2)
    return {
      where: 'channels',
      problem: `${config.channels} is too few for the imagenet stem, after which half of them see every other pixel`,
      remedy: 'Give at least 2, or stem cifar',
    }
  if (config.crossEntropyWeight === 0 && config.distillationWeight === 0)
    return {
      where: 'crossEntropyWeight',
      problem: 'is 0, and so is distillationWeight: nothing teaches the network its classes',
      remedy: 'Give one of them a weight above 0',
    }
  return undefined
}

const checkConsistency = (config: TrainingConfig): Either<CpnasError, TrainingConfig> => {
  const found = inconsistency(config)
  return found === undefined
    ? right(config)
    : left(cpnasError('InvalidOption', found.where, found.problem, found.remedy))
}

/**
 * Every option in its range, and those that depend on one another consistent; the first that is not is an InvalidOption
 * that names it. `parseTrainingConfig` is for values from outside: unknown or missing options are errors too.
 */
export const checkTrainingConfig = (config: TrainingConfig): Either<CpnasError, TrainingConfig> =>
  pipe(checkOptions(trainingOptions, config), flatMap(checkRates), flatMap(checkConsistency))

/** A configuration read from JSON: exactly the options of TrainingConfig, each in its range. */
export const parseTrainingConfig = (value: unknown): Either<CpnasError, TrainingConfig> =>
  pipe(
    parseOptions(trainingOptions, value, 'a training', addedTrainingOptions),
    flatMap(checkRates),
    flatMap(checkConsistency),
  )
