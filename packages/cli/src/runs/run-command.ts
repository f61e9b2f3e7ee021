import { type ResolvedBackend, resolveBackend } from '@cpnas/backends'
import { type CpnasError, printable } from '@cpnas/core'
import { type Lock, type RunBase, withLock } from '@cpnas/runs'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Values } from '../command.js'
import {
  corruptLines,
  type dataOptions,
  foundLines,
  type IdentifiedData,
  identify,
  type OpenData,
  sourceText,
  withData,
} from '../data-source.js'
import type { Io, Outcome } from '../io.js'
import {
  barReporter,
  type EventWords,
  jsonReporter,
  lineReporter,
  type ProgressEvent,
  quietReporter,
  type Reporter,
} from '../report/reporter.js'
import type { Plan } from './plan-run.js'
import { checkImages, runConfig } from './run-data.js'
import type { reportOptions } from './run-options.js'

const reporterOf = <E extends ProgressEvent>(
  { json = false, quiet = false }: Values<typeof reportOptions>,
  words: EventWords<E>,
  io: Io,
): Reporter<E> => {
  if (json) return jsonReporter(io)
  if (quiet) return quietReporter()
  return io.terminal ? barReporter(words, io.terminal) : lineReporter(words, io)
}

/** Leaves the terminal as it was, however the run ends. */
export const withReporter =
  <E extends ProgressEvent>(given: Values<typeof reportOptions>, words: EventWords<E>, io: Io) =>
  (use: (reporter: Reporter<E>) => TE.TaskEither<CpnasError, Outcome>): TE.TaskEither<CpnasError, Outcome> =>
    TE.bracket(
      TE.fromIO(() => reporterOf(given, words, io)),
      use,
      reporter => TE.fromIO(reporter.close),
    )

/** An error about the choice of an engine, in the words of the command line. */
const inFlags = (error: CpnasError): CpnasError => {
  if (error.where === 'threads') return { ...error, where: '--threads' }
  return error.where.startsWith('backend ')
    ? {
        ...error,
        where: `--${error.where}`,
        remedy: `${error.remedy}; \`cpnas backends\` says which engines work here`,
      }
    : error
}

export const withBackend =
  ({ backend, threads }: { readonly backend: string; readonly threads: number }) =>
  <A>(use: (resolved: ResolvedBackend) => TE.TaskEither<CpnasError, A>): TE.TaskEither<CpnasError, A> =>
    TE.bracket(pipe(resolveBackend(backend, { threads }), TE.mapLeft(inFlags)), use, resolved =>
      TE.fromTask(() => resolved.backend.close()),
    )

/** What a run works with, all of it opened, and its directory locked. */
export interface Opened<R extends RunBase, E extends ProgressEvent, A = undefined> {
  readonly data: IdentifiedData
  readonly engine: ResolvedBackend
  readonly config: R
  readonly reporter: Reporter<E>
  readonly lock: Lock
  /** What `prepare` made. */
  readonly prepared: A
}

/** The signal came while files were opened and read. */
const stoppedEarly = (io: Io): TE.TaskEither<CpnasError, Outcome> =>
  TE.fromIO(() => {
    io.err('Stopped before anything was written.\n')
    return { status: 'stopped' }
  })

/**
 * Opens the data, the engine, locks the directory, and closes all of it again, however the run ends. `prepare` checks the data
 * and reads what else there is; `complete` adds to config.json what this kind of run keeps there.
 */
export const withRun = <C, R extends RunBase, E extends ProgressEvent, A>(
  plan: Plan<C, R>,
  given: Values<typeof reportOptions & typeof dataOptions>,
  io: Io,
  {
    words,
    prepare,
    complete,
    use,
  }: {
    readonly words: EventWords<E>
    readonly prepare: (data: IdentifiedData) => TE.TaskEither<CpnasError, A>
    readonly complete: (base: RunBase, prepared: A) => R
    readonly use: (opened: Opened<R, E, A>) => TE.TaskEither<CpnasError, Outcome>
  },
): TE.TaskEither<CpnasError, Outcome> =>
  withData({ ...given, ...plan })(opened =>
    pipe(
      identify(plan.origin === undefined ? opened : { ...opened, source: { ...opened.source, origin: plan.origin } }),
      TE.tap(data =>
        plan.stored === undefined ? TE.right(undefined) : checkImages(plan.stored, plan.directory, data),
      ),
      TE.bindTo('data'),
      TE.bind('prepared', ({ data }) => prepare(data)),
      TE.flatMap(({ data, prepared }) =>
        io.signal.aborted
          ? stoppedEarly(io)
          : withBackend(plan)(engine =>
              withLock(plan.directory, line => io.err(`${printable(line)}\n`))(lock =>
                withReporter(
                  given,
                  words,
                  io,
                )(reporter => {
                  const config = runConfig(plan, data, engine, base => complete(base, prepared))
                  return use({ data, engine, config, reporter, lock, prepared })
                }),
              ),
            ),
      ),
      TE.tapIO(() => () => {
        for (const line of corruptLines(opened)) io.err(`${line}\n`)
      }),
    ),
  )

const shellWord = (text: string): string => (/^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`)

/** What continues a run after a stop. */
export const resumeCommand = (
  { command, defaultDirectory }: { readonly command: string; readonly defaultDirectory: string },
  directory: string,
): string => `cpnas ${command} --resume${directory === defaultDirectory ? '' : ` --out ${shellWord(directory)}`}`

/** Which engine, and why. */
export const engineLine = ({ name, reason }: ResolvedBackend): string => `${name}, ${reason}`

/** Which data and which engine, and what would make it faster. */
export const introduction = (data: OpenData, engine: ResolvedBackend): readonly string[] => [
  `Data:   ${sourceText(data.source)}; ${data.train.count} training images of ${data.train.height}x${data.train.width}x${data.train.channels}`,
  ...foundLines(data).map(line => `        ${line}`),
  `Engine: ${engineLine(engine)}`,
  ...(engine.hint === undefined ? [] : [`        ${engine.hint}`]),
]
