import type { ResolvedBackend } from '@cpnas/backends'
import { type CpnasError, printable } from '@cpnas/core'
import { engineText, type OpenData, type Opened, type Plan, type Telling, type WorkersChoice } from '@cpnas/experiments'
import type { RunBase } from '@cpnas/runs'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Values } from '../command.js'
import { corruptLines, type dataOptions, foundLines, sourceText } from '../data-source.js'
import type { Io, Outcome } from '../io.js'
import { type Block, layOut } from '../report/layout.js'
import {
  barReporter,
  type EventWords,
  jsonReporter,
  lineReporter,
  type ProgressEvent,
  quietReporter,
  type Reporter,
} from '../report/reporter.js'
import { resumeCommand } from './resume-command.js'
import type { RunCommand } from './run-commands.js'
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

/** Leaves the terminal as it was, however the work ends. */
export const withReporter =
  <E extends ProgressEvent>(given: Values<typeof reportOptions>, words: EventWords<E>, io: Io) =>
  <A>(use: (reporter: Reporter<E>) => TE.TaskEither<CpnasError, A>): TE.TaskEither<CpnasError, A> =>
    TE.bracket(
      TE.fromIO(() => reporterOf(given, words, io)),
      use,
      reporter => TE.fromIO(reporter.close),
    )

/** The messages of a run. O is everything that is open when it begins, S its state, E its events, A its result. */
export interface RunWords<O, S, E, A> {
  readonly events: EventWords<E>
  /** Lines that follow those about data and engine. */
  readonly introduction: (opened: O, state: S | undefined) => readonly string[]
  /** The result as text. */
  readonly text: (outcome: A) => readonly Block[]
  /** The result as JSON. */
  readonly record: (outcome: A) => object
  /** What is not lost when it is stopped, and when the device fails. */
  readonly saved: { readonly stopped: string; readonly failed: string }
}

/** Which data and which engine, and what would make it faster. */
export const openedLines = (data: OpenData, engine: ResolvedBackend): readonly string[] => [
  `Data:   ${sourceText(data.source)}; ${data.train.count} training images of ${data.train.height}x${data.train.width}x${data.train.channels}`,
  ...foundLines(data).map(line => `        ${line}`),
  `Engine: ${engineText(engine)}`,
  ...(engine.hint === undefined ? [] : [`        ${engine.hint}`]),
]

/** A failing device loses only the work in progress. */
const resumable =
  (saved: string, resume: string) =>
  (error: CpnasError): CpnasError =>
    error._tag === 'DeviceFailed'
      ? {
          ...error,
          remedy: `${error.remedy}. ${saved}, and another engine can continue: ${resume} --backend NAME`,
        }
      : error

/** Performs a planned run as a command: reports its progress as the options ask, and prints its result, or how to continue after a stop. */
export const tellRun = <
  P extends string,
  C extends object,
  R extends RunBase,
  L extends Pick<Plan<C, R>, 'directory' | 'stored'>,
  O extends Pick<Opened<R>, 'data' | 'engine' | 'config'>,
  S,
  E extends ProgressEvent,
  A,
>(
  runs: RunCommand<P, C, R>,
  plan: L,
  perform: (plan: L, telling: Telling<O, S, E>) => TE.TaskEither<CpnasError, A | undefined>,
  { events, introduction, text, record, saved }: RunWords<O, S, E, A>,
  given: Values<typeof reportOptions & typeof dataOptions> & { readonly givenTo?: WorkersChoice | undefined },
  io: Io,
): TE.TaskEither<CpnasError, Outcome> => {
  const { directory, stored } = plan
  const { json = false } = given
  const resume = resumeCommand(runs, directory)
  const print = (object: object): void => io.out(`${JSON.stringify(object)}\n`)
  let reporter: Reporter<E> | undefined
  const conclude = (outcome: A | undefined): Outcome => {
    if (outcome === undefined && reporter === undefined) {
      io.err('Stopped before anything was written.\n')
      return { status: 'stopped' }
    }
    if (outcome === undefined) {
      if (json) print({ type: 'stopped', directory, resume })
      io.err(`Stopped; ${saved.stopped}. Continue with: ${resume}\n`)
      return { status: 'stopped' }
    }
    if (json) print({ type: 'result', ...record(outcome) })
    else io.out(layOut(text(outcome), io))
    return { status: 'done' }
  }
  return pipe(
    perform(plan, {
      begun: (opened, state) => {
        reporter = reporterOf(given, events, io)
        if (json) print({ type: 'start', directory, resumed: stored !== undefined, config: opened.config })
        for (const line of [...openedLines(opened.data, opened.engine), ...introduction(opened, state)])
          reporter.note(line)
      },
      emit: event => reporter?.event(event),
      note: line => (reporter === undefined ? io.err(`${printable(line)}\n`) : reporter.note(line)),
      over: data => {
        reporter?.close()
        for (const line of corruptLines([data.train, data.test])) io.err(`${line}\n`)
      },
      images: given,
      queue: given.givenTo,
      signal: io.signal,
    }),
    TE.mapLeft(resumable(saved.failed, resume)),
    TE.map(conclude),
    TE.tapError(() => TE.fromIO(() => reporter?.close())),
  )
}
