import { formatValue, type Option, type OptionRange, type OptionTable, parseValue } from '@cpnas/core'
import { type Hyperparameters, namesOf } from '@cpnas/experiments'
import type { FlagOption, ValueOption } from './command.js'

/** One command-line option for every hyper-parameter: `--beta-p <x>`, `--[no-]flip`. */
export type HyperparameterOptions<C> = {
  readonly [K in keyof C]: C[K] extends boolean ? FlagOption : ValueOption<C[K]>
}

/** Characters of a list of words that still stand in the column of names. */
const narrow = 32

const isWide = (range: OptionRange): boolean => range.kind === 'choice' && range.values.join('|').length > narrow

const placeholderOf = (range: OptionRange): string => {
  switch (range.kind) {
    case 'integer':
      return 'n'
    case 'choice':
      return isWide(range) ? 'name' : range.values.join('|')
    case 'list':
      return range.all ? 'all|a,b,...' : 'a,b,...'
    case 'interval':
      return `a,b|${range.words.join('|')}`
    default:
      return 'x'
  }
}

/** The value of the first preset, then those of the presets that have another: `0; cpu-10min: 2; cpu-1h, cifar10: 4`. */
const formatDefault = (values: readonly (readonly [preset: string, value: unknown])[]): string => {
  const shown = values.map(([preset, value]) => ({ preset, value: formatValue(value) }))
  const [first, ...others] = new Set(shown.map(({ value }) => value))
  const presetsOf = (wanted: string): string =>
    shown.flatMap(({ preset, value }) => (value === wanted ? [preset] : [])).join(', ')
  return [first, ...others.map(value => `${presetsOf(value)}: ${value}`)].join('; ')
}

const optionOf = (option: Option, shownDefault: string): FlagOption | ValueOption<unknown> => {
  const { range, description } = option
  const words = range.kind === 'choice' && isWide(range) ? `: ${range.values.join(', ')}` : ''
  const common = { description: `${description}${words}`, default: shownDefault, group: 'Hyper-parameters:' }
  return range.kind === 'flag'
    ? { kind: 'flag', negatable: true, ...common }
    : { kind: 'value', placeholder: placeholderOf(range), parse: parseValue(range), ...common }
}

/** The hyper-parameters of a kind of run on the command line, made from their table, so that an option is described in one place. */
export const hyperparameterOptions = <P extends string, C extends object>(
  hyperparameters: Hyperparameters<P, C>,
): HyperparameterOptions<C> => {
  const presets = Object.entries(hyperparameters.presets) as [P, C][]
  const table: OptionTable<C> = hyperparameters.table
  return Object.fromEntries(
    namesOf(hyperparameters).map(name => [
      name,
      optionOf(table[name], formatDefault(presets.map(([preset, config]) => [preset, config[name]]))),
    ]),
  ) as HyperparameterOptions<C>
}
