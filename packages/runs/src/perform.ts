import type { CpnasError } from '@cpnas/core'
import type { DataFingerprint } from '@cpnas/data'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { RunBase } from './base.js'
import {
  pathsOf,
  type RunFormat,
  type RunState,
  readSnapshot,
  type Snapshot,
  saveSnapshot,
  writeFingerprint,
  writeRunConfig,
} from './directory.js'
import { journalAt } from './journal.js'
import type { WorkedBy } from './journal-entries.js'
import type { Lock } from './lock.js'

/** What the work of a run is given. */
export interface WorkOptions<S extends RunState, E> {
  readonly snapshot?: Snapshot<S>
  /** Saves a snapshot, with who did the work if it was not this process; StorageFailed or OutputInUse if that is not possible. */
  readonly save: (snapshot: Snapshot<S>, by?: WorkedBy) => TE.TaskEither<CpnasError, void>
  /** Call it with every event. */
  readonly emit: (event: E) => void
  readonly signal: AbortSignal
}

/**
 * A run about to begin or resume. S is its state, E its events, F the result of its work unless it is stopped, A the final result, a record
 * for programs.
 */
export interface PreparedRun<R extends RunBase, S extends RunState, E, F extends { readonly status: 'finished' }, A> {
  readonly format: RunFormat<R>
  readonly directory: string
  readonly config: R
  /** The configuration as it was written before; undefined if the run is new. */
  readonly stored: R | undefined
  /** The fingerprint of its images. */
  readonly images: DataFingerprint
  /** The engine, in one line. */
  readonly engine: string
  /** The work itself: to its end, or until the signal stops it. */
  readonly work: (options: WorkOptions<S, E>) => TE.TaskEither<CpnasError, F | { readonly status: 'stopped' }>
  /** Writes the results of a finished run; undefined if the signal stopped it. `seconds` tells how long the run has taken. */
  readonly finish: (
    result: F,
    emit: (event: E) => void,
    seconds: () => number,
  ) => TE.TaskEither<CpnasError, A | undefined>
}

/** How a run is followed, locked and stopped. S is its state, E its events. */
export interface PerformOptions<S extends RunState, E> {
  /** Called with every event of the work. */
  readonly emit: (event: E) => void
  /** Called when it begins, with the state it resumes from; undefined for a new run. Default: not called. */
  readonly begun?: (state: S | undefined) => void
  /** Of its directory. */
  readonly lock: Lock
  readonly signal: AbortSignal
  /** Of cpnas, for the journal. */
  readonly version: string
}

/**
 * Performs a run: begins or resumes it in its directory and writes all its files. Undefined if the signal stopped it, with everything up to
 * the last snapshot saved.
 */
export const perform = <R extends RunBase, S extends RunState, E, F extends { readonly status: 'finished' }, A>(
  { format, directory, config, stored, images, engine, work, finish }: PreparedRun<R, S, E, F, A>,
  { emit, begun, lock, signal, version }: PerformOptions<S, E>,
): TE.TaskEither<CpnasError, A | undefined> => {
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
    TE.tapIO(snapshot => () => begun?.(snapshot?.state)),
    TE.flatMap(snapshot =>
      work({
        ...(snapshot === undefined ? {} : { snapshot }),
        save: (snapshot, by) =>
          pipe(
            lock.check,
            TE.flatMap(() => saveSnapshot(format, directory, config, snapshot)),
            TE.flatMap(() => journal.saved(snapshot.state.history.length, by)),
          ),
        emit,
        signal,
      }),
    ),
    TE.flatMap(result =>
      result.status === 'finished'
        ? pipe(
            lock.check,
            TE.flatMap(() => finish(result, emit, seconds)),
          )
        : TE.right(undefined),
    ),
    TE.tap(ending => journal.end(ending === undefined ? 'stopped' : 'finished')),
  )
}
