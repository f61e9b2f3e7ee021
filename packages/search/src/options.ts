import {
  type CpnasError,
  checkOptions,
  choice,
  cpnasError,
  flag,
  type Idle,
  integer,
  type OptionTable,
  parseOptions,
  share,
} from '@cpnas/core'
import { spaceOf, spaces } from '@cpnas/supernet'
import {
  addedOptions,
  batchOptions,
  checkRates,
  operationOptions,
  optimizerOptions,
  seedOption,
  sizeOptions,
  spaceOption,
} from '@cpnas/training'
import { type Either, flatMap, left, right } from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { SearchConfig } from './config.js'
import { evaluators } from './evaluators/index.js'
import { strategies } from './strategies/index.js'

const operationNames = [...new Set(spaces.flatMap(({ operations }) => operations.map(({ name }) => name)))]

/** The strategies that an option has no effect on. */
const unlessWith = (option: keyof SearchConfig): { readonly idle: Idle } => ({
  idle: {
    option: 'strategy',
    values: Object.keys(strategies).filter(name => !strategies[name]!.options.includes(option)),
  },
})

/** The range and a description of every option of SearchConfig: what `checkConfig` enforces and a command line can be made of. */
export const searchOptions: OptionTable<SearchConfig> = {
  ...seedOption,
  strategy: { range: choice(...Object.keys(strategies)), description: 'how architectures are chosen' },
  evaluator: { range: choice(...Object.keys(evaluators)), description: 'how an architecture is scored' },
  ...spaceOption,
  ...sizeOptions,
  operations: {
    range: { kind: 'list', values: operationNames, minimum: 2, all: true },
    description: 'candidate operations of every edge',
  },
  edges: {
    range: choice('all', 2),
    description: 'inputs per node in the final cells',
    ...unlessWith('edges'),
  },
  ...operationOptions,
  shareWeights: {
    range: flag,
    description: 'share latent weights between Child and Parent',
    idle: {
      option: 'strategy',
      values: Object.keys(strategies).filter(name => !strategies[name]!.usesParent),
      unless: { option: 'withParent', values: ['always'] },
    },
  },
  passes: {
    range: integer(1),
    description: 'T: evaluations of each operation per round',
    ...unlessWith('passes'),
  },
  betaP: {
    range: { kind: 'number', minimum: 0 },
    description: 'beta_P: weight of the Parent in the indicator',
    ...unlessWith('betaP'),
  },
  samples: {
    range: integer(1),
    description: 'architectures to evaluate (of darts and its kin, epochs)',
    ...unlessWith('samples'),
  },
  eta: { range: integer(2), description: 'one architecture in so many goes on', ...unlessWith('eta') },
  population: { range: integer(1), description: 'population size', ...unlessWith('population') },
  tournament: {
    range: integer(1),
    description: 'tournament size',
    ...unlessWith('tournament'),
  },
  targetMs: {
    range: { kind: 'number', minimum: 0 },
    description: 'longest time of an image, packed, in ms (0: any)',
    ...unlessWith('targetMs'),
  },
  targetKb: {
    range: { kind: 'number', minimum: 0 },
    description: 'largest packed file in kB (0: any)',
    ...unlessWith('targetKb'),
  },
  score: {
    range: choice('accuracy', 'loss'),
    description: 'validation metric that architectures are compared by',
    ...unlessWith('score'),
  },
  withParent: {
    range: choice('auto', 'always'),
    description: 'whether the Parent is trained, too: auto, if the strategy looks at it',
  },
  epochsPerSample: {
    range: integer(1),
    description: 'training epochs per sample',
    idle: { option: 'evaluator', values: ['one-shot', 'relaxed'] },
  },
  parallel: {
    range: choice('none', 'pass'),
    description: 'pass: all samples of a pass begin with the same weights',
    ...unlessWith('parallel'),
  },
  warmupEpochs: {
    range: integer(0),
    description: 'epochs on random architectures first',
    idle: { ...unlessWith('warmupEpochs').idle, unless: { option: 'evaluator', values: ['one-shot', 'relaxed'] } },
  },
  architectureLearningRate: {
    range: { kind: 'number', above: 0 },
    description: "Adam's learning rate of the architecture",
    ...unlessWith('architectureLearningRate'),
  },
  share: { range: share, description: 'share of the training images to use' },
  validationShare: {
    range: { kind: 'number', above: 0, below: 1 },
    description: 'share of those images used for validation',
  },
  ...batchOptions,
  ...optimizerOptions,
  schedule: { range: choice('cosine', 'one-cycle'), description: 'learning-rate schedule' },
  learningRate: { range: { kind: 'number', above: 0 }, description: 'largest learning rate' },
  minLearningRate: { range: { kind: 'number', minimum: 0 }, description: 'final learning rate' },
}

/**
 * Every option in its range, and those that depend on one another consistent; the first that is not is an InvalidOption
 * that names it. `parseConfig` is for values from outside: unknown or missing options are errors too.
 */
export const checkConfig = (config: SearchConfig): Either<CpnasError, SearchConfig> =>
  pipe(checkOptions(searchOptions, config), flatMap(checkRates), flatMap(checkSpace), flatMap(checkEvaluator))

/** Values of options that searches of earlier versions lack. */
export const addedSearchOptions = {
  ...addedOptions,
  strategy: 'cp-nas',
  evaluator: 'shared-weights',
  samples: 35,
  eta: 3,
  population: 10,
  tournament: 5,
  withParent: 'always',
  parallel: 'none',
  targetMs: 0,
  targetKb: 0,
  architectureLearningRate: 3e-4,
  optimizer: 'sgd',
  schedule: 'cosine',
  score: 'accuracy',
} as const

/** A configuration read from JSON: exactly the options of SearchConfig, each in its range. */
export const parseConfig = (value: unknown): Either<CpnasError, SearchConfig> =>
  pipe(
    parseOptions(searchOptions, value, 'a search', addedSearchOptions),
    flatMap(checkRates),
    flatMap(checkSpace),
    flatMap(checkEvaluator),
  )

const refuse = (option: string, problem: string, remedy: string): Either<CpnasError, never> =>
  left(cpnasError('InvalidOption', option, problem, remedy))

/** InvalidOption for an evaluator that the strategy cannot work with, or that would evaluate weights that nothing has trained. */
const checkEvaluator = (config: SearchConfig): Either<CpnasError, SearchConfig> => {
  const { warmsUp, relaxes = false } = evaluators[config.evaluator]!
  if (warmsUp === 'must' && config.warmupEpochs === 0)
    return refuse(
      'warmupEpochs',
      `is 0, and \`evaluator\` ${config.evaluator} trains the shared weights in these epochs alone`,
      'Give at least 1',
    )
  if (config.parallel === 'pass' && warmsUp === 'must')
    return refuse('parallel', `is pass, and \`evaluator\` ${config.evaluator} trains no samples`, 'Leave it out')
  const { evaluators: possible = evaluating, relaxation } = strategies[config.strategy]!
  if (!possible.includes(config.evaluator))
    return refuse(
      'evaluator',
      `${config.evaluator} does not go with \`strategy\` ${config.strategy}`,
      `Give ${possible.join(' or ')}`,
    )
  if (relaxes && config.withParent === 'always' && !strategies[config.strategy]!.usesParent)
    return refuse('withParent', `is always, and \`strategy\` ${config.strategy} trains no Parent`, 'Leave it out')
  const parts = relaxation?.partialChannels ?? 1
  return config.channels % parts === 0
    ? right(config)
    : refuse(
        'channels',
        `is ${config.channels}, which ${parts} does not divide: \`strategy\` ${config.strategy} sends one in ${parts} through the operations`,
        `Give a multiple of ${parts}`,
      )
}

/** The evaluators that evaluate the architectures proposed. */
const evaluating = Object.keys(evaluators).filter(name => !evaluators[name]!.relaxes)

/**
 * A configuration with what is given in place of its own, and with the evaluator of its strategy, if none is given; where the strategy has none
 * of its own, that of the configuration, which it can work with. Another evaluator brings its recipe, but for what is given.
 */
export const withGiven = (config: SearchConfig, given: Partial<SearchConfig>): SearchConfig => {
  const { strategy = config.strategy } = given
  // A strategy or an evaluator that there is not is refused later.
  const record = strategies[strategy]
  const evaluator = given.evaluator ?? record?.evaluator ?? record?.evaluators?.[0] ?? config.evaluator
  const recipe = evaluator === config.evaluator ? {} : evaluators[evaluator]?.recipe
  return { ...config, ...recipe, ...given, evaluator }
}

/**
 * InvalidOption for a search whose proposals cannot be worked on elsewhere: each begins with the weights that the one before it has left.
 */
export const checkShareable = (config: SearchConfig): Either<CpnasError, SearchConfig> => {
  const { keepsWeights, warmsUp } = evaluators[config.evaluator]!
  if (!keepsWeights || config.parallel === 'pass') return right(config)
  const { options, evaluators: possible = evaluating } = strategies[config.strategy]!
  const remedies = [
    ...(warmsUp === undefined && options.includes('parallel') ? ['`parallel` pass'] : []),
    ...(possible.includes('scratch') ? ['`evaluator` scratch'] : []),
  ]
  return refuse(
    'queue',
    `cannot share out this search: with \`evaluator\` ${config.evaluator} every sample begins with what the one before it has left`,
    remedies.length > 0 ? `Give ${remedies.join(', or ')}` : 'Leave it out',
  )
}

/** InvalidOption for operations that are not of the space. */
const checkSpace = (config: SearchConfig): Either<CpnasError, SearchConfig> => {
  const known = spaceOf(config).operations.map(({ name }) => name)
  const foreign = config.operations === 'all' ? undefined : config.operations.find(name => !known.includes(name))
  return foreign === undefined
    ? right(config)
    : refuse('operations', `${foreign} is no operation of the space ${config.space}`, `Known are ${known.join(', ')}`)
}
