import { integer, type OptionTable, share } from '@cpnas/core'
import { allCells, tinyOperations } from '@cpnas/table'
import type { TrainingConfig } from '@cpnas/training'

/** The hyper-parameters of a table: how its networks are trained, and how often. */
export interface TableConfig
  extends Pick<
    TrainingConfig,
    'seed' | 'cells' | 'channels' | 'share' | 'validationShare' | 'batchSize' | 'epochs' | 'learningRate'
  > {
  /** Trainings of every Child and of every Parent, with the seeds 0, 1, ... */
  readonly childSeeds: number
  readonly parentSeeds: number
  /** The operations that its architectures are made of: all of the space, or some by name. */
  readonly operations: 'all' | readonly string[]
  /** How many architectures at most, the first of an order drawn with `seed`; so a part of a table is a uniform sample. */
  readonly architectures: number
}

const counted = integer(1)

/** The range and a description of every option of TableConfig. */
export const tableOptions: OptionTable<TableConfig> = {
  seed: { range: integer(0), description: 'random seed of the order of architectures' },
  cells: { range: counted, description: 'cells of a network' },
  channels: { range: counted, description: 'channels of the first cell' },
  share: { range: share, description: 'share of the training images to use' },
  validationShare: {
    range: { kind: 'number', above: 0, below: 1 },
    description: 'share of those images used for validation',
  },
  batchSize: { range: counted, description: 'images per batch' },
  epochs: { range: counted, description: 'epochs of a training' },
  learningRate: { range: { kind: 'number', above: 0 }, description: 'learning rate at the top of the cycle' },
  childSeeds: { range: counted, description: 'trainings of every Child, each with a seed of its own' },
  parentSeeds: { range: counted, description: 'trainings of every Parent, each with a seed of its own' },
  operations: {
    range: { kind: 'list', values: tinyOperations, minimum: 2, all: true },
    description: 'operations that the architectures are made of',
  },
  architectures: {
    range: integer(2, allCells().length),
    description: 'how many of the 1,000 architectures, drawn at random',
  },
}

/** Values of options that tables of earlier versions lack. */
export const addedTableOptions = { operations: 'all' } as const

/** Every cell that a table of these operations may have. */
export const cellsMadeOf = ({ operations }: Pick<TableConfig, 'operations'>): readonly (readonly string[])[] =>
  operations === 'all' ? allCells() : allCells(operations)

/**
 * `tiny`: 10,000 images of CIFAR-10 for five epochs, Children twice and Parents once: a quarter of a minute a training on one thread. The
 * rate is the best of 0.005, 0.01 and 0.02 on the validation images of three architectures.
 */
export const tablePresets = {
  tiny: {
    seed: 0,
    cells: 3,
    channels: 8,
    share: 0.3,
    validationShare: 1 / 3,
    batchSize: 64,
    epochs: 5,
    learningRate: 0.02,
    childSeeds: 2,
    parentSeeds: 1,
    operations: 'all',
    architectures: 1000,
  },
} as const satisfies Readonly<Record<string, TableConfig>>

/**
 * How all of a table's networks are trained: the recipe of the preset `cpu-10min` as it was when the first table was begun. It does not follow
 * later changes of the preset, because all rows of a table must be trained alike.
 */
const recipe = {
  space: 'tiny',
  stem: 'cifar',
  affine: true,
  sepConvRepeat: 1,
  prelu: false,
  preprocessPrecision: 'binary',
  estimator: 'clipped-identity',
  scale: 'channel',
  crop: 4,
  cropScale: 'auto',
  flip: true,
  cutout: 0,
  colorJitter: 0,
  stages: 1,
  optimizer: 'adam',
  momentum: 0.9,
  weightDecay: 0,
  gradientClip: 0,
  schedule: 'one-cycle',
  minLearningRate: 0,
  beta2: 0.999,
  dropPath: 0,
  auxiliaryWeight: 0,
  labelSmoothing: 0,
  emaDecay: 0,
  statisticsDecay: 0.9,
  crossEntropyWeight: 1,
  cpTarget: 'own',
  filterWeight: 0,
  lambda: 0,
  distillationWeight: 0,
  temperature: 4,
} as const satisfies Partial<TrainingConfig>

/** The configuration of one of a table's trainings. */
export const trainingOfTable = (
  { cells, channels, share, validationShare, batchSize, epochs, learningRate }: TableConfig,
  precision: TrainingConfig['precision'],
  seed: number,
): TrainingConfig => ({
  ...recipe,
  ...{ seed, precision, cells, channels, share, validationShare, batchSize, epochs, learningRate },
  warmupEpochs: 0.3 * epochs,
})
