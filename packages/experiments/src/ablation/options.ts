import { type CpnasError, type Idle, type OptionTable, renameOptions } from '@cpnas/core'
import { checkConfig, type SearchConfig, searchOptions, presets as searchPresets, withGiven } from '@cpnas/search'
import { checkTrainingConfig, type TrainingConfig, trainingOptions, trainingPresets } from '@cpnas/training'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'

/** The configurations that all runs of an ablation start from. */
export interface AblationConfig {
  readonly search: SearchConfig
  readonly training: TrainingConfig
}

/**
 * Its options in one list: those of the search and of the training; one that both have is
 * `searchX` and `trainX`, but for the seed and the space, which they share.
 */
export type FlatConfig = Readonly<Record<string, unknown>>

export type Side = 'search' | 'train'

/** An option of one side. */
interface Place {
  readonly side: Side
  readonly name: string
}

/** Options that searches and trainings share; listed with the search's. */
const common = new Set(['seed', 'space'])

const shared = new Set(Object.keys(searchOptions).filter(name => Object.hasOwn(trainingOptions, name)))

const prefixed = (side: Side, name: string): string => `${side}${name[0]!.toUpperCase()}${name.slice(1)}`

/** The name of a side's option in the list. */
const flatName = (side: Side, name: string): string =>
  common.has(name) || !shared.has(name) ? name : prefixed(side, name)

/** Every option, first the search's, by its name in the list. */
export const places: Readonly<Record<string, Place>> = Object.fromEntries([
  ...Object.keys(searchOptions).map(name => [flatName('search', name), { side: 'search', name }]),
  ...Object.keys(trainingOptions)
    .filter(name => !common.has(name))
    .map(name => [flatName('train', name), { side: 'train', name }]),
])

const flatIdle = (side: Side, { option, unless, ...idle }: Idle): Idle => ({
  ...idle,
  option: flatName(side, option),
  ...(unless === undefined ? {} : { unless: { ...unless, option: flatName(side, unless.option) } }),
})

const tables: Readonly<Record<Side, OptionTable<FlatConfig>>> = {
  search: searchOptions as unknown as OptionTable<FlatConfig>,
  train: trainingOptions as unknown as OptionTable<FlatConfig>,
}

/** The options of searches and trainings in one table. */
export const ablationOptions: OptionTable<FlatConfig> = Object.fromEntries(
  Object.entries(places).map(([flat, { side, name }]) => {
    const option = tables[side][name]!
    const whose = shared.has(name) && !common.has(name) ? `${side === 'search' ? 'search' : 'training'}: ` : ''
    const { replaces, idle } = option
    const others = {
      ...(replaces === undefined ? {} : { replaces: flatName(side, replaces) }),
      ...(idle === undefined ? {} : { idle: flatIdle(side, idle) }),
    }
    return [flat, { ...option, ...others, description: `${whose}${option.description}` }]
  }),
)

const sideOf = ({ search, training }: AblationConfig, side: Side): FlatConfig =>
  (side === 'search' ? search : training) as unknown as FlatConfig

/** Both configurations in one list. */
export const flatten = (config: AblationConfig): FlatConfig =>
  Object.fromEntries(Object.entries(places).map(([flat, { side, name }]) => [flat, sideOf(config, side)[name]]))

/** The inverse of `flatten`. */
export const unflatten = (flat: FlatConfig): AblationConfig => {
  const options = (side: Side): FlatConfig =>
    Object.fromEntries(Object.keys(tables[side]).map(name => [name, flat[flatName(side, name)]]))
  return {
    search: options('search') as unknown as SearchConfig,
    training: options('train') as unknown as TrainingConfig,
  }
}

/** Names of the presets of an ablation. */
export type AblationPreset = 'quick' | 'cpu-10min' | 'cpu-1h' | 'cifar10'

/** The options of both, by preset; the presets that only trainings have search as `cifar10` does. */
export const ablationPresets: Readonly<Record<AblationPreset, FlatConfig>> = {
  quick: flatten({ search: searchPresets.quick, training: trainingPresets.quick }),
  'cpu-10min': flatten({ search: searchPresets.cifar10, training: trainingPresets['cpu-10min'] }),
  'cpu-1h': flatten({ search: searchPresets.cifar10, training: trainingPresets['cpu-1h'] }),
  cifar10: flatten({ search: searchPresets.cifar10, training: trainingPresets.cifar10 }),
}

/** An error about an option of one side, by its name in the list. */
export const renamedOf = (side: Side): ((error: CpnasError) => CpnasError) =>
  renameOptions(Object.keys(tables[side]), name => flatName(side, name))

/** Both configurations with the options given in place of their own, and with what they mean for others: see `withGiven` of @cpnas/search. */
export const withGivenFlat = (flat: FlatConfig, given: Partial<FlatConfig>): FlatConfig => {
  const ofSearch = Object.entries(unflatten(given as FlatConfig).search).filter(([, value]) => value !== undefined)
  const { training } = unflatten({ ...flat, ...given })
  return flatten({ search: withGiven(unflatten(flat).search, Object.fromEntries(ofSearch)), training })
}

/** Both configurations in range and consistent. Error InvalidOption. */
export const checkAblationConfig = (flat: FlatConfig): E.Either<CpnasError, FlatConfig> => {
  const { search, training } = unflatten(flat)
  return pipe(
    checkConfig(search),
    E.mapLeft(renamedOf('search')),
    E.flatMap(() => pipe(checkTrainingConfig(training), E.mapLeft(renamedOf('train')))),
    E.map(() => flat),
  )
}
