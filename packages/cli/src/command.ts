import { type CpnasError, cpnasError, kebabCase, renameOptions } from '@cpnas/core'
import { type Either, isLeft, left, right } from 'fp-ts/lib/Either.js'
import { mapLeft, type TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { Io, Outcome } from './io.js'

/** An option with a value. `parse` reads it from the command line, or says what it should be ("an integer of at least 1"). */
export interface ValueOption<A> {
  readonly kind: 'value'
  /** Placeholder of the value in the help text, e.g. `n`. */
  readonly placeholder: string
  readonly description: string
  /** The default in words. */
  readonly default?: string
  readonly group?: string
  readonly parse: (text: string) => Either<string, A>
}

/** An option with a value that can be given several times; all values count. */
export interface RepeatedOption<A> extends Omit<ValueOption<A>, 'kind'> {
  readonly kind: 'repeated'
}

/** An option without a value: `--name`, and `--no-name` if it is negatable. */
export interface FlagOption {
  readonly kind: 'flag'
  readonly description: string
  readonly default?: string
  readonly negatable?: boolean
  readonly group?: string
}

// biome-ignore-start lint/suspicious/noExplicitAny: the parsed type is recovered by Values; the options are covariant in it.
export type CommandOptions = Readonly<Record<string, ValueOption<any> | RepeatedOption<any> | FlagOption>>
// biome-ignore-end lint/suspicious/noExplicitAny: as above

/** The text of every option that was given. */
type Typed = Readonly<Record<string, string | boolean | readonly string[]>>

/** Options that were given, by name in camel case; one that was not given is absent. */
export type Values<O extends CommandOptions> = {
  readonly [K in keyof O]?: O[K] extends ValueOption<infer A>
    ? A
    : O[K] extends RepeatedOption<infer A>
      ? readonly A[]
      : boolean
}

export interface Argument {
  readonly name: string
  readonly description: string
  /** Whether there may be several. Default false. */
  readonly variadic?: boolean
  /** Whether it may be left out; the command is then given an empty text. Default false. */
  readonly optional?: boolean
}

interface Description {
  readonly name: string
  /** One line. */
  readonly summary: string
  /** For the command's own help: a paragraph, which is broken to the width of the terminal, or lines as they are. */
  readonly details?: string | readonly string[]
}

/** A command as data, with its options' types erased; `command` makes one. */
export interface Command extends Description {
  readonly options: CommandOptions
  readonly argument?: Argument
  /** One more, after the first. */
  readonly further?: Argument
  readonly run: (given: Typed, args: readonly string[], io: Io) => Either<CpnasError, TaskEither<CpnasError, Outcome>>
}

/** Commands under a common word. */
export interface CommandGroup extends Description {
  readonly commands: readonly Command[]
}

/** A command or a group of commands that is loaded on demand: each loads only the packages it needs. */
export interface LazyCommand {
  readonly name: string
  readonly summary: string
  readonly load: () => Promise<Command | CommandGroup>
}

/** `batchSize` to `--batch-size`. */
export const flagOf = (name: string): string => `--${kebabCase(name)}`

/** Errors that name options as libraries do, in the words of a command line: `batchSize` becomes `--batch-size`. */
export const inFlags = (names: readonly string[]): ((error: CpnasError) => CpnasError) => {
  const rename = renameOptions(names, flagOf)
  const unquoted = (text: string): string => text.replace(/`(--[^`]*)`/g, '$1')
  return error => {
    const renamed = rename(error)
    return { ...renamed, problem: unquoted(renamed.problem), remedy: unquoted(renamed.remedy) }
  }
}

/** InvalidOption for the first of these options that was given although it does not apply. */
export const refuseOptions = <G extends object>(
  given: G,
  names: readonly (keyof G & string)[],
  problem: string,
  remedy: string,
): Either<CpnasError, void> => {
  const wrong = names.find(name => given[name] !== undefined)
  return wrong === undefined ? right(undefined) : left(cpnasError('InvalidOption', flagOf(wrong), problem, remedy))
}

/** InvalidOption if an option that a command needs was not given. */
export const refuseMissing = <A>(value: A | undefined, name: string, remedy: string): Either<CpnasError, A> =>
  value === undefined ? left(cpnasError('InvalidOption', flagOf(name), 'is missing', remedy)) : right(value)

const parseText = (name: string, parse: (text: string) => Either<string, unknown>, text: string) => {
  const parsed = parse(text)
  return isLeft(parsed)
    ? left(cpnasError('InvalidOption', flagOf(name), `${JSON.stringify(text)} will not do`, `Give ${parsed.left}`))
    : parsed
}

const parseValues = <O extends CommandOptions>(options: O, given: Typed): Either<CpnasError, Values<O>> => {
  const values: Record<string, unknown> = {}
  for (const [name, typed] of Object.entries(given)) {
    const option = options[name]
    if (option === undefined || option.kind === 'flag' || typeof typed === 'boolean') values[name] = typed
    else {
      const texts = typeof typed === 'string' ? [typed] : typed
      const parsed: unknown[] = []
      for (const text of texts) {
        const value = parseText(name, option.parse, text)
        if (isLeft(value)) return value
        parsed.push(value.right)
      }
      values[name] = option.kind === 'repeated' ? parsed : parsed[0]
    }
  }
  return right(values as Values<O>)
}

/** A command whose `run` receives the parsed options that were given and, if it has one, its argument: the first, and all. */
export const command = <const O extends CommandOptions>({
  run,
  ...description
}: Description & {
  readonly options: O
  readonly argument?: Argument
  readonly further?: Argument
  readonly run: (
    values: Values<O>,
    io: Io,
    argument: string,
    args: readonly string[],
  ) => TaskEither<CpnasError, Outcome>
}): Command => ({
  ...description,
  run: (given, args, io) => {
    const values = parseValues(description.options, given)
    return isLeft(values)
      ? values
      : right(mapLeft(inFlags(Object.keys(description.options)))(run(values.right, io, args[0] ?? '', args)))
  },
})
