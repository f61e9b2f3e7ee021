import type { CpnasError } from '@cpnas/core'
import { type Ending, type Lock, type PreparedRun, perform, type RunBase, type RunState } from '@cpnas/runs'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Io, Outcome } from '../io.js'
import type { ProgressEvent, Reporter } from '../report/reporter.js'
import { version } from '../version.js'

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
export const execute = <
  R extends RunBase,
  S extends RunState,
  E extends ProgressEvent,
  F extends { readonly status: 'finished' },
>(
  run: PreparedRun<R, S, E, F>,
  { reporter, lock }: { readonly reporter: Reporter<E>; readonly lock: Lock },
  io: Io,
  json: boolean,
): TE.TaskEither<CpnasError, Outcome> =>
  pipe(
    perform(run, {
      emit: reporter.event,
      note: reporter.note,
      tell: event => (json ? io.out(`${JSON.stringify(event)}\n`) : undefined),
      lock,
      signal: io.signal,
      version,
    }),
    TE.tapIO(() => reporter.close),
    TE.map(conclude(run, io, json)),
  )
