import type { CpnasError } from '@cpnas/core'
import type { Either } from 'fp-ts/lib/Either.js'
import type { SearchConfig } from './config.js'
import { checkConfig, withGiven } from './options.js'
import { dartsRecipe, oneBitRecipe } from './recipe.js'

/**
 * `paper`: the source where it speaks (eight operations, one epoch a sample), else DARTS's search (8 cells, 16 channels,
 * batch 64, SGD 0.025 to 0.001, momentum 0.9, decay 3e-4, clip 5, half the images validate) and BNAS's T = 3 and 5
 * warm-up epochs.
 */
const paper: SearchConfig = {
  seed: 0,
  strategy: 'cp-nas',
  evaluator: 'shared-weights',
  space: 'cp-nas',
  cells: 8,
  channels: 16,
  operations: 'all',
  edges: 'all',
  sepConvRepeat: 1,
  prelu: false,
  preprocessPrecision: 'binary',
  estimator: 'clipped-identity',
  scale: 'channel',
  shareWeights: false,
  passes: 3,
  betaP: 1.5,
  samples: 105,
  eta: 3,
  population: 25,
  tournament: 10,
  targetMs: 0,
  targetKb: 0,
  score: 'accuracy',
  withParent: 'auto',
  epochsPerSample: 1,
  parallel: 'none',
  warmupEpochs: 5,
  architectureLearningRate: 3e-4,
  share: 1,
  validationShare: 0.5,
  batchSize: 64,
  crop: 4,
  cropScale: 'auto',
  flip: true,
  cutout: 0,
  ...dartsRecipe,
}

/**
 * `cifar10`: a space of ours, whose networks are better than the published one's at the same cost, and a strategy of ours, which a table of all networks
 * of a small space says finds better ones; the smallest network with both kinds of cell, and two fifths of the images: a search a
 * CPU ends within hours. With `cp-nas` the beta_P that ranks the networks of that table best.
 */
const cifar10: SearchConfig = {
  ...paper,
  strategy: 'bayesian',
  evaluator: 'scratch',
  ...oneBitRecipe,
  betaP: 0.5,
  score: 'loss',
  space: 'residual',
  cells: 3,
  passes: 1,
  samples: 40,
  epochsPerSample: 3,
  architectureLearningRate: 0.001,
  warmupEpochs: 2,
  share: 0.4,
  validationShare: 0.3,
}

/**
 * `quick`: 4,000 of 10,000 images, few channels, and small batches so that there are enough steps for the Child to learn: minutes on
 * two cores. After one epoch of them the best cells are those that learn fastest, with few convolutions; after three, those that are good.
 */
const quick: SearchConfig = {
  ...cifar10,
  channels: 8,
  samples: 16,
  architectureLearningRate: 0.004,
  warmupEpochs: 1,
  batchSize: 32,
  crop: 0,
  cropScale: 'auto',
  flip: false,
}

/** Complete configurations by name. */
export const presets = { quick, cifar10, paper } as const
/** Their names. */
export type Preset = keyof typeof presets

/** A preset with some options replaced, and an evaluator that the strategy works with; InvalidOption names one out of range. */
export const searchConfig = (preset: Preset, options: Partial<SearchConfig> = {}): Either<CpnasError, SearchConfig> =>
  checkConfig(withGiven(presets[preset], options))
