import { type Preset, presets, type SearchConfig, searchOptions } from '@cpnas/search'
import { formatRange, type Option, type OptionRange } from '@cpnas/training'
import { type Either, left, right } from 'fp-ts/lib/Either.js'
import { type FlagOption, flagOf, type ValueOption } from './command.js'

type Name = keyof SearchConfig

/** One command-line option for every hyper-parameter: `--beta-p <x>`, `--[no-]flip`. */
export type HyperparameterOptions = {
  readonly [K in Name]: SearchConfig[K] extends boolean ? FlagOption : ValueOption<SearchConfig[K]>
}

const names = Object.keys(searchOptions) as Name[]
const presetNames = Object.keys(presets) as Preset[]

const placeholderOf = (range: OptionRange): string => {
  switch (range.kind) {
    case 'integer':
      return 'n'
    case 'choice':
      return range.values.join('|')
    case 'list':
      return 'a,b,...'
    default:
      return 'x'
  }
}

/** The value as it is typed. */
export const formatValue = (value: SearchConfig[Name]): string =>
  Array.isArray(value) ? value.join(',') : String(value)

const formatDefault = (name: Name): string => {
  const { range } = searchOptions[name]
  const values = presetNames.map(preset => presets[preset][name])
  const show = (value: SearchConfig[Name]): string =>
    range.kind === 'list' && formatValue(value) === range.values.join(',') ? 'all' : formatValue(value)
  return new Set(values.map(show)).size === 1
    ? show(values[0]!)
    : presetNames.map((preset, i) => `${preset} ${show(values[i]!)}`).join(', ')
}

/** Reads what was typed; whether it is in its range is for `checkConfig` to say. */
const parse =
  (range: OptionRange) =>
  (text: string): Either<string, unknown> => {
    switch (range.kind) {
      case 'integer':
      case 'number': {
        const value = Number(text)
        return text.trim() === '' || Number.isNaN(value) ? left(formatRange(range)) : right(value)
      }
      case 'choice': {
        const value = range.values.find(one => String(one) === text)
        return value === undefined ? left(formatRange(range)) : right(value)
      }
      case 'list':
        return right(text.split(','))
      case 'flag':
        return right(text === 'true')
    }
  }

const optionOf = (name: Name, { range, description }: Option): FlagOption | ValueOption<unknown> => {
  const common = { description, default: formatDefault(name), group: 'Hyper-parameters:' }
  return range.kind === 'flag'
    ? { kind: 'flag', negatable: true, ...common }
    : { kind: 'value', placeholder: placeholderOf(range), parse: parse(range), ...common }
}

/** Made from the table of @cpnas/search, so that an option is described in one place. */
export const hyperparameters = Object.fromEntries(
  names.map(name => [name, optionOf(name, searchOptions[name])]),
) as HyperparameterOptions

/** The hyper-parameters among the options given. */
export const givenHyperparameters = (values: Partial<SearchConfig>): Partial<SearchConfig> =>
  Object.fromEntries(names.flatMap(name => (values[name] === undefined ? [] : [[name, values[name]]])))

/** A name is one where it is written in camel case or stands before its value; else `share` may be the word. */
const mentioned = new RegExp(
  `\\b(${names.map(name => (/[A-Z]/.test(name) ? name : `${name}(?= \\(now )`)).join('|')})\\b`,
  'g',
)

/** A message of @cpnas/search in the words of the command line: `betaP` becomes `--beta-p`. */
export const inFlags = (text: string): string =>
  names.includes(text as Name) ? flagOf(text) : text.replace(mentioned, flagOf)
