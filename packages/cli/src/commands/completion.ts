import * as TE from 'fp-ts/lib/TaskEither.js'
import { type Command, type CommandGroup, type CommandOptions, command, flagOf, type LazyCommand } from '../command.js'
import { wordOption } from '../values.js'
import { summaries } from './summaries.js'

const shells = ['bash', 'zsh', 'fish'] as const

/** A command with its flags. */
interface Completed {
  readonly name: string
  readonly summary: string
  readonly flags: readonly { readonly flag: string; readonly description: string }[]
  /** The commands of a group. */
  readonly inner: readonly string[]
}

const flagsOf = (options: CommandOptions): Completed['flags'] =>
  Object.entries(options).flatMap(([name, option]) => {
    const { description } = option
    const flags =
      option.kind === 'flag' && option.negatable
        ? [flagOf(name), flagOf(`no-${flagOf(name).slice(2)}`)]
        : [flagOf(name)]
    return flags.map(flag => ({ flag, description }))
  })

const completed = (loaded: Command | CommandGroup): Completed => {
  const { name, summary } = loaded
  if (!('commands' in loaded)) return { name, summary, flags: flagsOf(loaded.options), inner: [] }
  const { commands } = loaded
  return {
    name,
    summary,
    flags: commands.flatMap(({ options }) => flagsOf(options)),
    inner: commands.map(one => one.name),
  }
}

const wordsOf = ({ flags, inner }: Completed): string =>
  [...inner, ...new Set(flags.map(({ flag }) => flag)), '--help'].join(' ')

/** Where nothing matches, files are completed. */
const bash = (commands: readonly Completed[]): string => `_cpnas() {
  local words
  case "\${COMP_WORDS[1]}" in
${commands.map(one => `    ${one.name}) words="${wordsOf(one)}" ;;`).join('\n')}
  esac
  if [ "$COMP_CWORD" -eq 1 ]; then words="${commands.map(({ name }) => name).join(' ')} --help --version"; fi
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _cpnas cpnas
`

const zsh = (commands: readonly Completed[]): string => `autoload -U +X bashcompinit && bashcompinit
${bash(commands)}`

const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`

const fish = (commands: readonly Completed[]): string =>
  commands
    .flatMap(({ name, summary, flags, inner }) => [
      `complete -c cpnas -n __fish_use_subcommand -a ${name} -d ${quoted(summary)}`,
      ...inner.map(word => `complete -c cpnas -n '__fish_seen_subcommand_from ${name}' -a ${word}`),
      ...flags.map(
        ({ flag, description }) =>
          `complete -c cpnas -n '__fish_seen_subcommand_from ${name}' -l ${flag.slice(2)} -d ${quoted(description)}`,
      ),
    ])
    .map(line => `${line}\n`)
    .join('')

const scripts = { bash, zsh, fish } as const

/** `cpnas completion`: a script that completes commands and options in a shell. */
export const completionCommand = (commands: readonly LazyCommand[]): Command =>
  command({
    name: 'completion',
    summary: summaries.completion,
    details: [
      "bash: echo 'source <(cpnas completion)' >> ~/.bashrc",
      "zsh:  echo 'source <(cpnas completion --shell zsh)' >> ~/.zshrc",
      'fish: cpnas completion --shell fish > ~/.config/fish/completions/cpnas.fish',
    ],
    options: {
      shell: wordOption(shells, { placeholder: shells.join('|'), description: 'the shell', default: 'bash' }),
    },
    run: ({ shell = 'bash' }, io) =>
      TE.fromTask(async () => {
        const loaded = await Promise.all(
          commands.map(
            async ({ name, summary, load }): Promise<Completed> =>
              name === 'completion'
                ? { name, summary, flags: [{ flag: '--shell', description: 'the shell' }], inner: [] }
                : completed(await load()),
          ),
        )
        io.out(scripts[shell](loaded))
        return { status: 'done' }
      }),
  })
