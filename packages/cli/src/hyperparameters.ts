import {
  type CpnasError,
  cpnasError,
  formatRange,
  type JsonSchema,
  type Option,
  type OptionRange,
  type OptionTable,
  schemaOf,
} from '@cpnas/core'
import { type Either, left, right } from 'fp-ts/lib/Either.js'
import { type FlagOption, flagOf, type ValueOption } from './command.js'

/** One command-line option for every hyper-parameter: `--beta-p <x>`, `--[no-]flip`. */
type HyperparameterOptions<C> = {
  readonly [K in keyof C]: C[K] extends boolean ? FlagOption : ValueOption<C[K]>
}

/** The hyper-parameters of a kind of run on the command line, made from its table, so that an option is described in one place. */
export interface Hyperparameters<P extends string, C extends object> {
  /** Complete configurations by name. */
  readonly presets: Readonly<Record<P, C>>
  readonly presetNames: readonly P[]
  readonly names: readonly (keyof C & string)[]
  readonly options: HyperparameterOptions<C>
  /** Those among the options given, and what they replace. */
  readonly given: (values: Partial<C>) => Partial<C>
  /** InvalidOption if one of the options given has no effect beside the others of the configuration. */
  readonly checkGiven: (values: Partial<C>, config: C) => Either<CpnasError, void>
  /** A JSON Schema of --config files. */
  readonly schema: (title: string) => JsonSchema
  /** A message of the package that owns the table in the words of the command line: `betaP` becomes `--beta-p`. */
  readonly inFlags: (text: string) => string
  /** An error of that package in the words of the command line. */
  readonly asFlags: (error: CpnasError) => CpnasError
}

const placeholderOf = (range: OptionRange): string => {
  switch (range.kind) {
    case 'integer':
      return 'n'
    case 'choice':
      return range.values.join('|')
    case 'list':
      return range.all ? 'all|a,b,...' : 'a,b,...'
    case 'interval':
      return `a,b|${range.words.join('|')}`
    default:
      return 'x'
  }
}

/** The value as it is typed. */
export const formatValue = (value: unknown): string => (Array.isArray(value) ? value.join(',') : String(value))

const formatDefault = (values: readonly (readonly [preset: string, value: unknown])[]): string => {
  const shown = values.map(([, value]) => formatValue(value))
  return new Set(shown).size === 1 ? shown[0]! : values.map(([preset], i) => `${preset} ${shown[i]!}`).join(', ')
}

/** Reads what was typed; whether it is in its range is for the owner of the table to say. */
export const parseValue =
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
        return right(range.all && text === 'all' ? text : text.split(','))
      case 'interval': {
        const numbers = text.split(',').map(Number)
        if (range.words.includes(text)) return right(text)
        return numbers.length === 2 && !numbers.some(Number.isNaN) ? right(numbers) : left(formatRange(range))
      }
      case 'flag':
        return text === 'true' || text === 'false' ? right(text === 'true') : left(formatRange(range))
    }
  }

const optionOf = (option: Option, shownDefault: string, group: string): FlagOption | ValueOption<unknown> => {
  const { range, description } = option
  const common = { description, default: shownDefault, group }
  return range.kind === 'flag'
    ? { kind: 'flag', negatable: true, ...common }
    : { kind: 'value', placeholder: placeholderOf(range), parse: parseValue(range), ...common }
}

/** @param flag How an option is named on the command line. Default: its name in kebab case. */
export const hyperparametersOf = <P extends string, C extends object>(
  table: OptionTable<C>,
  presets: Readonly<Record<P, C>>,
  group = 'Hyper-parameters:',
  flag: (name: string) => string = flagOf,
): Hyperparameters<P, C> => {
  const names = Object.keys(table) as (keyof C & string)[]
  const presetNames = Object.keys(presets) as P[]
  // A name is one where it is written in camel case or stands before its value; else `share` may be the word.
  const mentioned = new RegExp(
    `\\b(${names.map(name => (/[A-Z]/.test(name) ? name : `${name}(?= \\(now )`)).join('|')})\\b`,
    'g',
  )
  const inFlags = (text: string): string =>
    names.some(name => name === text) ? flag(text) : text.replace(mentioned, flag)
  return {
    presets,
    presetNames,
    names,
    options: Object.fromEntries(
      names.map(name => [
        name,
        optionOf(table[name], formatDefault(presetNames.map(preset => [preset, presets[preset][name]])), group),
      ]),
    ) as HyperparameterOptions<C>,
    given: values => {
      const own = names.filter(name => values[name] !== undefined)
      return Object.fromEntries([
        ...own.flatMap(name => (table[name].replaces === undefined ? [] : [[table[name].replaces, 'none']])),
        ...own.map(name => [name, values[name]]),
      ]) as Partial<C>
    },
    checkGiven: (values, config) => {
      for (const name of names) {
        const { replaces, idle } = table[name]
        const beside = [
          ...(replaces !== undefined && typeof values[replaces as keyof C] === 'object' ? [replaces] : []),
          ...(idle?.values.includes(config[idle.option as keyof C]) ? [idle.option] : []),
        ]
        if (values[name] && beside[0] !== undefined)
          return left(
            cpnasError(
              'InvalidOption',
              flag(name),
              `has no effect beside ${flag(beside[0])} ${formatValue(config[beside[0] as keyof C])}`,
              `Leave it out, or give another ${flag(beside[0])}`,
            ),
          )
      }
      return right(undefined)
    },
    schema: title => schemaOf(table, title),
    inFlags,
    asFlags: error =>
      error._tag === 'InvalidOption' || error._tag === 'NonFiniteLoss'
        ? { ...error, where: inFlags(error.where), problem: inFlags(error.problem), remedy: inFlags(error.remedy) }
        : error,
  }
}
