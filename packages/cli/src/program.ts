import { type CpnasError, formatError } from '@cpnas/core'
import { CommanderError, Option, Command as Program } from 'commander'
import { type Either, isLeft } from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { type Command, type CommandGroup, type CommandOptions, flagOf, type LazyCommand } from './command.js'
import type { Io, Outcome } from './io.js'
import { wrapped } from './report/layout.js'

type Started = Either<CpnasError, TaskEither<CpnasError, Outcome>>

/** Bad input of any kind. */
const badInput = 2
/** The input was valid, and the device failed. */
const failed = 1

/** Off a terminal a message is one line. */
const messageColumns = ({ terminal }: Io): number =>
  terminal === undefined ? Number.POSITIVE_INFINITY : (terminal.columns ?? 80)

const collect = (text: string, before: readonly string[] = []): readonly string[] => [...before, text]

const optionsOf = (options: CommandOptions): readonly Option[] =>
  Object.entries(options).flatMap(([name, option]) => {
    const flag = flagOf(name)
    const help =
      option.default === undefined ? option.description : `${option.description} (default: ${option.default})`
    const made =
      option.kind === 'value'
        ? [new Option(`${flag} <${option.placeholder}>`, help)]
        : option.kind === 'repeated'
          ? [new Option(`${flag} <${option.placeholder}>`, help).argParser(collect)]
          : [
              new Option(flag, help),
              ...(option.negatable ? [new Option(flagOf(`no-${flag.slice(2)}`), '').hideHelp()] : []),
            ]
    return made.map(one => one.helpGroup(option.group ?? 'Options:'))
  })

/** The term for an option in a help text: `--flip` and `--no-flip` share a line. */
const optionTerm = (options: CommandOptions) => (option: Option) => {
  const described = options[option.attributeName()]
  return described?.kind === 'flag' && described.negatable ? `--[no-]${option.name()}` : option.flags
}

const paragraph = (details: string | readonly string[]): string =>
  typeof details === 'string' ? details.replaceAll('\n', ' ') : details.join('\n')

const addCommand = (parent: Program, command: Command, io: Io, start: (started: Started) => void): void => {
  const child = parent
    .command(command.name)
    .summary(command.summary)
    .description([command.summary, ...(command.details ? [paragraph(command.details)] : [])].join('\n\n'))
    .configureHelp({ optionTerm: optionTerm(command.options), minWidthToWrap: 24 })
  for (const option of optionsOf(command.options)) child.addOption(option)
  for (const argument of [command.argument, command.further])
    if (argument !== undefined) {
      const { name, description, variadic = false, optional = false } = argument
      const placeholder = `${name}${variadic ? '...' : ''}`
      child.argument(optional ? `[${placeholder}]` : `<${placeholder}>`, description)
    }
  child.action(() => start(command.run(child.opts(), child.args, io)))
}

const isGroup = (command: Command | CommandGroup): command is CommandGroup => 'commands' in command

/** Exit codes: 0 done, 1 the device failed, 2 bad input or any other CpnasError, 130 or 143 stopped by a signal. Whatever is thrown is a bug. */
export const runProgram = async (
  commands: readonly LazyCommand[],
  description: { readonly name: string; readonly summary: string; readonly version: string },
  args: readonly string[],
  io: Io,
): Promise<number> => {
  let started: Started | undefined
  const start = (value: Started): void => {
    started = value
  }
  // Settings are inherited by commands made afterwards.
  const program = new Program(description.name)
    .exitOverride()
    .configureOutput({ writeOut: io.out, writeErr: io.err })
    .description(description.summary)
    .version(description.version)
    .showHelpAfterError(`Run with --help for what can be given.`)
  // `cpnas help search` asks for a command, too.
  const words = args.filter(arg => !arg.startsWith('-'))
  const asked = words[0] === 'help' ? words[1] : words[0]
  for (const { name, summary, load } of commands) {
    if (name !== asked) {
      program.command(name).summary(summary)
      continue
    }
    const command = await load()
    if (isGroup(command)) {
      const group = program.command(command.name).summary(command.summary).description(command.summary)
      for (const child of command.commands) addCommand(group, child, io, start)
    } else addCommand(program, command, io, start)
  }
  try {
    program.parse(args, { from: 'user' })
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : badInput
    throw thrown
  }
  if (started === undefined) return badInput
  const result = isLeft(started) ? started : await started.right()
  if (isLeft(result)) {
    io.err(`${wrapped(`cpnas: ${formatError(result.left)}`, messageColumns(io))}\n`)
    return result.left._tag === 'DeviceFailed' ? failed : badInput
  }
  return result.right.status === 'stopped' ? Number(io.signal.reason) : 0
}
