import { type Either, left, right } from 'fp-ts/lib/Either.js'
import { type CpnasError, cpnasError } from './errors.js'

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
  /** Different ones of the values; with `all` the word `all` as well. */
  | { readonly kind: 'list'; readonly values: readonly string[]; readonly minimum: number; readonly all?: true }
  /** One of the words, or a pair of numbers above 0 and at most 1, the first at most the second. */
  | { readonly kind: 'interval'; readonly words: readonly string[] }

/** What a value of a configuration may be. */
export interface Option {
  readonly range: OptionRange
  /** One line for a help text. */
  readonly description: string
  /** An option of words that this one replaces: where this one is given, that one is `none`. */
  readonly replaces?: string
  /** An option beside which this one has no effect: where that one has one of these values. */
  readonly idle?: Idle
}

/** Where an option has no effect: where another one has one of these values. */
export interface Idle {
  readonly option: string
  readonly values: readonly unknown[]
  /** Values of a third option that make it have one all the same. */
  readonly unless?: { readonly option: string; readonly values: readonly unknown[] }
}

/** A configuration's options by name: used to check it and to generate a command line. */
export type OptionTable<C> = { readonly [K in keyof C]: Option }

/** Ranges, for tables. */
export const integer = (minimum: number, maximum?: number): OptionRange => ({
  kind: 'integer',
  minimum,
  ...(maximum === undefined ? {} : { maximum }),
})
/** True or false. */
export const flag: OptionRange = { kind: 'flag' }
/** One of these values. */
export const choice = (...values: readonly (string | number)[]): OptionRange => ({ kind: 'choice', values })
/** A word, or a pair of numbers above 0 and at most 1. */
export const interval = (...words: readonly string[]): OptionRange => ({ kind: 'interval', words })
/** Above 0, at most 1. */
export const share: OptionRange = { kind: 'number', above: 0, maximum: 1 }

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
      return `${range.all ? 'all, or ' : ''}at least ${range.minimum} different of ${list(range.values)}`
    case 'interval':
      return `${range.words.join(' or ')}, or two numbers above 0 and at most 1, the smaller one first, e.g. 0.6,1`
  }
}

/** A value as it is typed: lists and pairs with commas. */
export const formatValue = (value: unknown): string => (Array.isArray(value) ? value.join(',') : String(value))

/** Parses the text of a value; whether it is in its range is checked by `checkOptions`. Left says what it should be. */
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
      if (range.all && value === 'all') return true
      return (
        Array.isArray(value) &&
        value.length >= range.minimum &&
        new Set(value).size === value.length &&
        value.every(v => range.values.includes(v))
      )
    case 'interval':
      return typeof value === 'string' ? range.words.includes(value) : isInterval(value)
  }
}

const isInterval = (value: unknown): boolean => {
  if (!Array.isArray(value) || value.length !== 2) return false
  const [least, largest] = value as readonly unknown[]
  return typeof least === 'number' && typeof largest === 'number' && least > 0 && largest >= least && largest <= 1
}

const between = (minimum = -Infinity, maximum = Infinity, value: number): boolean =>
  value >= minimum && value <= maximum

/** Every option in its range; the first that is not, in the order of the table, is an InvalidOption that names it. */
export const checkOptions = <C extends object>(table: OptionTable<C>, config: C): Either<CpnasError, C> => {
  const names = Object.keys(table) as (keyof C & string)[]
  const wrong = names.find(name => !holds(table[name].range, config[name]))
  if (wrong === undefined) return right(config)
  const value = config[wrong]
  return left(
    cpnasError(
      'InvalidOption',
      wrong,
      value === undefined ? 'is missing' : `${JSON.stringify(value)} is out of range`,
      `Give ${formatRange(table[wrong].range)}`,
    ),
  )
}

/**
 * A configuration read from JSON: exactly the options of the table, each in its range. `what` names in an error what they are
 * options of, e.g. `a search`; `added` has the values of options that files of earlier versions lack.
 */
export const parseOptions = <C extends object>(
  table: OptionTable<C>,
  value: unknown,
  what: string,
  added: Partial<C> = {},
): Either<CpnasError, C> => {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return left(cpnasError('InvalidOption', 'configuration', 'is not a record of options', 'Give a JSON object'))
  const unknown = Object.keys(value).find(name => !Object.hasOwn(table, name))
  if (unknown !== undefined)
    return left(
      cpnasError('InvalidOption', unknown, `is no option of ${what}`, `The options are ${list(Object.keys(table))}`),
    )
  const missing = Object.entries(added).filter(([name]) => !Object.hasOwn(value, name))
  return checkOptions(table, { ...value, ...Object.fromEntries(missing) } as C)
}
