import { estimators, scales } from '@cpnas/binarize'
import { type CpnasError, choice, cpnasError, flag, type Idle, integer, interval } from '@cpnas/core'
import { type SpaceOption, spaces } from '@cpnas/supernet'
import { type Either, left, right } from 'fp-ts/lib/Either.js'

/** Options that searches and trainings share, in the parts that their tables are composed of. */
export const seedOption = {
  seed: { range: integer(0, 2 ** 31 - 1), description: 'random seed' },
}

/** The search space. */
export const spaceOption = {
  space: { range: choice(...spaces.map(({ name }) => name)), description: 'search space of the cells' },
}

/** The size of the network. */
export const sizeOptions = {
  cells: { range: integer(3), description: 'number of cells; reduction cells at 1/3 and 2/3' },
  channels: { range: integer(1), description: 'channels of the first cell' },
}

/** The spaces that an option has no effect in. */
const unlessIn = (option: SpaceOption): { readonly idle: Idle } => ({
  idle: { option: 'space', values: spaces.filter(({ options }) => !options.includes(option)).map(({ name }) => name) },
})

/** Options of the search space's operations. */
export const operationOptions = {
  sepConvRepeat: {
    range: choice(1, 2),
    description: 'repetitions of a separable convolution',
    ...unlessIn('sepConvRepeat'),
  },
  prelu: { range: flag, description: "PReLU after the Child's convolutions", ...unlessIn('prelu') },
  preprocessPrecision: {
    range: choice('binary', 'float'),
    description: "precision of the Child's preprocessing convolutions",
    ...unlessIn('preprocessPrecision'),
  },
  estimator: { range: choice(...Object.keys(estimators)), description: 'straight-through estimator of sign' },
  scale: { range: choice(...Object.keys(scales)), description: 'scale per output channel or per layer' },
}

/** Batches and their augmentation. */
export const batchOptions = {
  batchSize: { range: integer(1), description: 'batch size' },
  crop: {
    range: integer(0),
    description: 'random crop: padding in pixels (0: off)',
    replaces: 'cropScale',
  },
  cropScale: {
    range: interval('auto', 'none'),
    description: 'random resized crop: share of the image, folders only',
  },
  flip: { range: flag, description: 'random horizontal flip' },
  cutout: { range: integer(0), description: 'cutout size in pixels (0: off)' },
}

/** How gradients change the weights, but for the learning rate. */
export const optimizerOptions = {
  optimizer: { range: choice('sgd', 'adam'), description: 'optimizer' },
  momentum: { range: { kind: 'number', minimum: 0, below: 1 }, description: 'SGD momentum, Adam beta1' },
  weightDecay: { range: { kind: 'number', minimum: 0 }, description: 'L2 penalty' },
  gradientClip: {
    range: { kind: 'number', minimum: 0 },
    description: 'maximum global gradient norm (0: no clipping)',
  },
} as const

/** Values of options that runs of earlier versions lack. */
export const addedOptions = { cropScale: 'auto', space: 'cp-nas' } as const

/** A configuration without the options that earlier versions lacked, where their values match what those versions did. */
export const withoutAdded = <C extends object>(
  config: C,
  added: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    Object.entries(config).filter(([name, value]) => !Object.hasOwn(added, name) || added[name] !== value),
  )

/** InvalidOption if the learning rate would rise to its minimum. */
export const checkRates = <C extends { readonly learningRate: number; readonly minLearningRate: number }>(
  config: C,
): Either<CpnasError, C> =>
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
