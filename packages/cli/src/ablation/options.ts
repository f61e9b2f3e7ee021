import type { CpnasError, OptionTable } from '@cpnas/core'
import { checkConfig, type SearchConfig, searchOptions, presets as searchPresets } from '@cpnas/search'
import { checkTrainingConfig, type TrainingConfig, trainingOptions, trainingPresets } from '@cpnas/training'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { flagOf } from '../command.js'
import { type Hyperparameters, hyperparametersOf } from '../hyperparameters.js'

/** What all runs of an ablation have in common. */
export interface AblationConfig {
  readonly search: SearchConfig
  readonly training: TrainingConfig
}

/**
 * Its options by the names they have on the command line: those of the search and of the training; one that both have is
 * `searchX` and `trainX`, but for the seed and the space, which they share.
 */
export type FlatConfig = Readonly<Record<string, unknown>>

export type Side = 'search' | 'train'

/** An option of one side. */
interface Place {
  readonly side: Side
  readonly name: string
}

/** What searches and trainings cannot differ in; found on the side of the search. */
const common = new Set(['seed', 'space'])

const shared = new Set(Object.keys(searchOptions).filter(name => Object.hasOwn(trainingOptions, name)))

const prefixed = (side: Side, name: string): string => `${side}${name[0]!.toUpperCase()}${name.slice(1)}`

/** The name of a side's option on the command line. */
const flatName = (side: Side, name: string): string =>
  common.has(name) || !shared.has(name) ? name : prefixed(side, name)

/** Every option, first the search's, by its name on the command line. */
export const places: Readonly<Record<string, Place>> = Object.fromEntries([
  ...Object.keys(searchOptions).map(name => [flatName('search', name), { side: 'search', name }]),
  ...Object.keys(trainingOptions)
    .filter(name => !common.has(name))
    .map(name => [flatName('train', name), { side: 'train', name }]),
])

const tables: Readonly<Record<Side, OptionTable<FlatConfig>>> = {
  search: searchOptions as unknown as OptionTable<FlatConfig>,
  train: trainingOptions as unknown as OptionTable<FlatConfig>,
}

export const ablationOptions: OptionTable<FlatConfig> = Object.fromEntries(
  Object.entries(places).map(([flat, { side, name }]) => {
    const option = tables[side][name]!
    const whose = shared.has(name) && !common.has(name) ? `${side === 'search' ? 'search' : 'training'}: ` : ''
    const { replaces, idle } = option
    const others = {
      ...(replaces === undefined ? {} : { replaces: flatName(side, replaces) }),
      ...(idle === undefined ? {} : { idle: { ...idle, option: flatName(side, idle.option) } }),
    }
    return [flat, { ...option, ...others, description: `${whose}${option.description}` }]
  }),
)

const sideOf = ({ search, training }: AblationConfig, side: Side): FlatConfig =>
  (side === 'search' ? search : training) as unknown as FlatConfig

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

const ablationPresets = {
  quick: flatten({ search: searchPresets.quick, training: trainingPresets.quick }),
  cifar10: flatten({ search: searchPresets.cifar10, training: trainingPresets.cifar10 }),
} as const
export type AblationPreset = keyof typeof ablationPresets

/** As the command line of an ablation names the options of either side. */
const sides = {
  search: hyperparametersOf(searchOptions, searchPresets, '', name => flagOf(flatName('search', name))),
  train: hyperparametersOf(trainingOptions, trainingPresets, '', name => flagOf(flatName('train', name))),
}

/** Both configurations in range and consistent; an error speaks in flags. */
export const checkAblationConfig = (flat: FlatConfig): E.Either<CpnasError, FlatConfig> => {
  const { search, training } = unflatten(flat)
  return pipe(
    checkConfig(search),
    E.mapLeft(sides.search.asFlags),
    E.flatMap(() => pipe(checkTrainingConfig(training), E.mapLeft(sides.train.asFlags))),
    E.map(() => flat),
  )
}

/** Errors of either side come in flags already. */
export const ablationHyperparameters: Hyperparameters<AblationPreset, FlatConfig> = {
  ...hyperparametersOf(ablationOptions, ablationPresets),
  inFlags: text => text,
  asFlags: error => error,
}

/** An error about the data of one side, in flags. */
export const asFlagsOf = (side: Side): ((error: CpnasError) => CpnasError) => sides[side].asFlags
