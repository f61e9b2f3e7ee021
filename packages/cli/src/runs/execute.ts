import type { CpnasError } from '@cpnas/core'
import type { DataFingerprint } from '@cpnas/data'
import {
  journalAt,
  type Lock,
  pathsOf,
  type RunBase,
  type RunFormat,
  type RunState,
  readSnapshot,
  type Snapshot,
  saveSnapshot,
  writeFingerprint,
  writeRunConfig,
} from '@cpnas/runs'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Io, Outcome } from '../io.js'
import type { ProgressEvent, Reporter } from '../report/reporter.js'
import { version } from '../version.js'

/** What a run is given to work with. */
interface WorkOptions<S extends RunState, E> {
  readonly snapshot?: Snapshot<S>
  readonly save: (snapshot: Snapshot<S>) => TE.TaskEither<CpnasError, void>
  readonly emit: (event: E) => void
  readonly signal: AbortSignal
}

/** What a finished run ends with on the standard output: a record for programs, and words for people. */
export interface Ending {
  readonly result: object
  readonly text: string
}

/** A run about to begin or to go on. S is its state, E its events, F what it ends with if it is not stopped. */
export interface Run<
  R extends RunBase,
  S extends RunState,
  E extends ProgressEvent,
  F extends { readonly status: 'finished' },
> {
  readonly format: RunFormat<R>
  readonly directory: string
  readonly config: R
  /** The configuration as it was written before; undefined if the run is new. */
  readonly stored: R | undefined
  /** What its images are known by. */
  readonly images: DataFingerprint
  /** What it computes with, in a line. */
  readonly engine: string
  /** Lines that say what is about to be done. */
  readonly introduction: (state: S | undefined) => readonly string[]
  readonly work: (options: WorkOptions<S, E>) => TE.TaskEither<CpnasError, F | { readonly status: 'stopped' }>
  /** Writes what a finished run leaves; undefined if the signal stopped it. `seconds` tells how long the run has taken. */
  readonly finish: (
    result: F,
    reporter: Reporter<E>,
    seconds: () => number,
  ) => TE.TaskEither<CpnasError, Ending | undefined>
  /** What continues it after a stop. */
  readonly resumeCommand: string
  /** What is not lost when it is stopped, and when the device fails; in words. */
  readonly saved: { readonly stopped: string; readonly failed: string }
}

/** A device that fails takes nothing with it but the work at hand. */
const resumable = (error: CpnasError, saved: string, resumeCommand: string): CpnasError =>
  error._tag === 'DeviceFailed'
    ? {
        ...error,
        remedy: `${error.remedy}. ${saved}, and another engine can continue: ${resumeCommand} --backend NAME`,
      }
    : error

/** How a run is told of. */
export interface Telling<E extends ProgressEvent> {
  readonly reporter: Reporter<E>
  /** Is told when it begins, for programs. */
  readonly tell: (event: object) => void
  /** Of its directory. */
  readonly lock: Lock
  readonly signal: AbortSignal
}

type Finished = { readonly status: 'finished' }

/**
 * The run itself: begins or continues it in its directory, tells of it, and ends with all files written; or undefined: the
 * signal stopped it, with everything up to the last snapshot saved.
 */
export const perform = <R extends RunBase, S extends RunState, E extends ProgressEvent, F extends Finished>(
  {
    format,
    directory,
    config,
    stored,
    images,
    engine,
    introduction,
    work,
    finish,
    resumeCommand,
    saved,
  }: Run<R, S, E, F>,
  { reporter, tell, lock, signal }: Telling<E>,
): TE.TaskEither<CpnasError, Ending | undefined> => {
  const started = performance.now()
  const seconds = (): number => (performance.now() - started) / 1000
  const journal = journalAt(pathsOf(format.files, directory).journal, version)
  return pipe(
    stored === undefined ? writeFingerprint(format.files, directory, images) : TE.right(undefined),
    TE.flatMap(() =>
      stored?.backend === config.backend && stored.threads === config.threads
        ? TE.right(undefined)
        : writeRunConfig(format, directory, config),
    ),
    TE.flatMap(() => readSnapshot<S, R>(format, directory, config)),
    TE.tap(snapshot =>
      journal.start({ entries: snapshot?.state.history.length ?? 0, engine, threads: config.threads }),
    ),
    TE.tapIO(snapshot => () => {
      tell({ type: 'start', directory, resumed: stored !== undefined, config })
      for (const line of introduction(snapshot?.state)) reporter.note(line)
    }),
    TE.flatMap(snapshot =>
      work({
        ...(snapshot === undefined ? {} : { snapshot }),
        save: snapshot =>
          pipe(
            lock.check,
            TE.flatMap(() => saveSnapshot(format, directory, config, snapshot)),
            TE.flatMap(() => journal.saved(snapshot.state.history.length)),
          ),
        emit: reporter.event,
        signal,
      }),
    ),
    TE.flatMap(result =>
      result.status === 'finished'
        ? pipe(
            lock.check,
            TE.flatMap(() => finish(result, reporter, seconds)),
          )
        : TE.right(undefined),
    ),
    TE.tap(ending => journal.end(ending === undefined ? 'stopped' : 'finished')),
    TE.mapLeft(error => resumable(error, saved.failed, resumeCommand)),
  )
}

/** Prints what a command ends with: a result, or how to go on after a stop. */
export const conclude =
  (
    {
      directory,
      resumeCommand,
      saved,
    }: { readonly directory: string; readonly resumeCommand: string; readonly saved: { readonly stopped: string } },
    io: Io,
    json: boolean,
  ) =>
  (ending: Ending | undefined): Outcome => {
    if (ending === undefined) {
      if (json) io.out(`${JSON.stringify({ type: 'stopped', directory, resume: resumeCommand })}\n`)
      io.err(`Stopped; ${saved.stopped}. Continue with: ${resumeCommand}\n`)
      return { status: 'stopped' }
    }
    io.out(json ? `${JSON.stringify({ type: 'result', ...ending.result })}\n` : ending.text)
    return { status: 'done' }
  }

/** Performs a run as a command of its own. */
export const execute = <R extends RunBase, S extends RunState, E extends ProgressEvent, F extends Finished>(
  run: Run<R, S, E, F>,
  { reporter, lock }: Pick<Telling<E>, 'reporter' | 'lock'>,
  io: Io,
  json: boolean,
): TE.TaskEither<CpnasError, Outcome> =>
  pipe(
    perform(run, {
      reporter,
      tell: event => (json ? io.out(`${JSON.stringify(event)}\n`) : undefined),
      lock,
      signal: io.signal,
    }),
    TE.tapIO(() => reporter.close),
    TE.map(conclude(run, io, json)),
  )
