import type { CpnasError } from '@cpnas/core'
import type { Either } from 'fp-ts/lib/Either.js'
import type { TrainingConfig } from './config.js'
import { checkTrainingConfig } from './options.js'

/**
 * `cifar10`: DARTS's final training with what is usual for 1-bit networks, and the source's loss, its terms with weights of ours. See
 * `presetSources`.
 */
const cifar10: TrainingConfig = {
  seed: 0,
  precision: 'binary',
  space: 'cp-nas',
  cells: 20,
  channels: 36,
  stem: 'cifar',
  affine: true,
  sepConvRepeat: 1,
  prelu: false,
  preprocessPrecision: 'binary',
  estimator: 'clipped-identity',
  scale: 'channel',
  share: 1,
  validationShare: 0.02,
  batchSize: 96,
  crop: 4,
  cropScale: 'auto',
  flip: true,
  cutout: 16,
  colorJitter: 0,
  epochs: 600,
  stages: 1,
  optimizer: 'adam',
  momentum: 0.9,
  weightDecay: 0,
  gradientClip: 5,
  schedule: 'cosine',
  learningRate: 0.001,
  minLearningRate: 0,
  warmupEpochs: 0,
  beta2: 0.999,
  dropPath: 0.2,
  auxiliaryWeight: 0.4,
  labelSmoothing: 0,
  emaDecay: 0,
  statisticsDecay: 0.9,
  crossEntropyWeight: 1,
  cpTarget: 'own',
  filterWeight: 1e-4,
  lambda: 0.01,
  distillationWeight: 0,
  temperature: 4,
}

/** `imagenet`: the size and the epochs of DCP-NAS, the rest of DARTS's and PC-DARTS's final training there. */
const imagenet: TrainingConfig = {
  ...cifar10,
  cells: 10,
  channels: 108,
  stem: 'imagenet',
  validationShare: 0.01,
  batchSize: 256,
  crop: 0,
  cropScale: 'auto',
  cutout: 0,
  colorJitter: 0.4,
  epochs: 256,
  warmupEpochs: 5,
  dropPath: 0,
  labelSmoothing: 0.1,
}

/** `quick`: the smallest network with both kinds of cell on 10,000 small images: minutes on two cores. */
const quick: TrainingConfig = {
  ...cifar10,
  cells: 3,
  channels: 8,
  validationShare: 0.1,
  batchSize: 64,
  crop: 0,
  cropScale: 'auto',
  flip: false,
  cutout: 0,
  epochs: 10,
  learningRate: 0.01,
  dropPath: 0,
  auxiliaryWeight: 0,
  filterWeight: 1e-3,
  lambda: 0.01,
}

/**
 * `cpu-10min`: a network of the space `residual` on CIFAR-10 in ten minutes on two cores with oneDNN. Without the CP loss, which was not
 * seen to help in so few steps.
 */
const cpu10min: TrainingConfig = {
  ...quick,
  space: 'residual',
  channels: 16,
  batchSize: 128,
  crop: 2,
  flip: true,
  epochs: 7,
  schedule: 'one-cycle',
  warmupEpochs: 0.3,
  gradientClip: 0,
  filterWeight: 0,
  lambda: 0,
}

/** `cpu-1h`: as `cpu-10min` with half as many channels again and more epochs: an hour on two cores with oneDNN. */
const cpu1h: TrainingConfig = { ...cpu10min, channels: 24, validationShare: 0.05, crop: 4, epochs: 25 }

/** The Parent of a preset's networks: in as many epochs, by the SGD that is usual for networks in full precision. */
const parentOf = (preset: TrainingConfig): TrainingConfig => ({
  ...preset,
  precision: 'float',
  optimizer: 'sgd',
  learningRate: 0.1,
  weightDecay: 5e-4,
})

/** Complete configurations by name. */
export const trainingPresets = {
  quick,
  'cpu-10min': cpu10min,
  'cpu-10min-parent': parentOf(cpu10min),
  'cpu-1h': cpu1h,
  'cpu-1h-parent': { ...parentOf(cpu1h), cutout: 8 },
  cifar10,
  imagenet,
} as const
/** Their names. */
export type TrainingPreset = keyof typeof trainingPresets

/** A preset with some options replaced; InvalidOption names one out of range. */
export const trainingConfig = (
  preset: TrainingPreset,
  options: Partial<TrainingConfig> = {},
): Either<CpnasError, TrainingConfig> => checkTrainingConfig({ ...trainingPresets[preset], ...options })
