import { type CpnasError, cpnasError } from '@cpnas/backends'
import { operations } from '@cpnas/supernet'
import { type Either, left, right } from 'fp-ts/lib/Either.js'
import type { SearchConfig } from './config.js'

/** What values an option takes. Bounds are inclusive unless `above` or `below`. */
export type OptionRange =
  | { readonly kind: 'integer'; readonly minimum: number; readonly maximum?: number }
  | {
      readonly kind: 'number'
      readonly minimum?: number
      readonly above?: number
      readonly maximum?: number
      readonly below?: number
    }
  | { readonly kind: 'flag' }
  | { readonly kind: 'choice'; readonly values: readonly (string | number)[] }
  | { readonly kind: 'list'; readonly values: readonly string[]; readonly minimum: number }

export interface Option {
  readonly range: OptionRange
  /** One line for a help text. */
  readonly description: string
}

const integer = (minimum: number, maximum?: number): OptionRange => ({
  kind: 'integer',
  minimum,
  ...(maximum === undefined ? {} : { maximum }),
})
const flag: OptionRange = { kind: 'flag' }
const choice = (...values: readonly (string | number)[]): OptionRange => ({ kind: 'choice', values })
const share: OptionRange = { kind: 'number', above: 0, maximum: 1 }

/** The range and a description of every option of SearchConfig: what `checkConfig` enforces and a command line can be made of. */
export const searchOptions: { readonly [K in keyof SearchConfig]: Option } = {
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

const list = (values: readonly (string | number)[]): string => values.join(', ')

/** What a range asks for, in words: "an integer of at least 1". */
export const formatRange = (range: OptionRange): string => {
  switch (range.kind) {
    case 'integer':
      return `an integer ${range.maximum === undefined ? `of at least ${range.minimum}` : `from ${range.minimum} to ${range.maximum}`}`
    case 'number': {
      const { minimum, above, maximum, below } = range
      const bounds = [
        minimum === undefined ? [] : [`at least ${minimum}`],
        above === undefined ? [] : [`above ${above}`],
        maximum === undefined ? [] : [`at most ${maximum}`],
        below === undefined ? [] : [`below ${below}`],
      ].flat()
      return `a number ${bounds.join(' and ')}`
    }
    case 'flag':
      return 'true or false'
    case 'choice':
      return `one of ${list(range.values)}`
    case 'list':
      return `at least ${range.minimum} different of ${list(range.values)}`
  }
}

const holds = (range: OptionRange, value: unknown): boolean => {
  switch (range.kind) {
    case 'integer':
      return Number.isSafeInteger(value) && between(range.minimum, range.maximum, value as number)
    case 'number':
      return (
        typeof value === 'number' &&
        Number.isFinite(value) &&
        between(range.minimum, range.maximum, value) &&
        value > (range.above ?? -Infinity) &&
        value < (range.below ?? Infinity)
      )
    case 'flag':
      return typeof value === 'boolean'
    case 'choice':
      return (range.values as readonly unknown[]).includes(value)
    case 'list':
      return (
        Array.isArray(value) &&
        value.length >= range.minimum &&
        new Set(value).size === value.length &&
        value.every(v => range.values.includes(v))
      )
  }
}

const between = (minimum = -Infinity, maximum = Infinity, value: number): boolean =>
  value >= minimum && value <= maximum

const names = Object.keys(searchOptions) as (keyof SearchConfig)[]

/**
 * Every option in its range, and those that depend on one another consistent; the first that is not is an InvalidOption
 * that names it. `parseConfig` is for values from outside: unknown or missing options are errors too.
 */
export const checkConfig = (config: SearchConfig): Either<CpnasError, SearchConfig> => {
  const wrong = names.find(name => !holds(searchOptions[name].range, config[name]))
  if (wrong !== undefined) return left(outOfRange(wrong, config[wrong]))
  if (config.minLearningRate > config.learningRate)
    return left(
      cpnasError(
        'InvalidOption',
        'minLearningRate',
        `${config.minLearningRate} is above learningRate ${config.learningRate}`,
        'The rate falls from learningRate to minLearningRate, so make minLearningRate the smaller one',
      ),
    )
  return right(config)
}

const outOfRange = (name: keyof SearchConfig, value: unknown): CpnasError =>
  cpnasError(
    'InvalidOption',
    name,
    value === undefined ? 'is missing' : `${JSON.stringify(value)} is out of range`,
    `Give ${formatRange(searchOptions[name].range)}`,
  )

/** A configuration read from JSON: exactly the options of SearchConfig, each in its range. */
export const parseConfig = (value: unknown): Either<CpnasError, SearchConfig> => {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return left(cpnasError('InvalidOption', 'configuration', 'is not a record of options', 'Give a JSON object'))
  const unknown = Object.keys(value).find(name => !names.includes(name as keyof SearchConfig))
  if (unknown !== undefined)
    return left(cpnasError('InvalidOption', unknown, 'is no option of a search', `The options are ${list(names)}`))
  return checkConfig(value as SearchConfig)
}

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
