import { type ResolvedBackend, resolveBackend } from '@cpnas/backends'
import type { CpnasError } from '@cpnas/core'
import type { QueueChoice } from '@cpnas/queue'
import { type Lock, type PerformOptions, type RunBase, type RunState, withLock } from '@cpnas/runs'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { type DataChoice, type IdentifiedData, identify, type OpenData, withData } from './data.js'
import { checkImages, runConfig } from './images.js'
import type { Plan } from './plan.js'
import { version } from './version.js'

/** Which engine computes, on how many threads. */
export interface EngineChoice {
  readonly backend: string
  readonly threads: number
}

/** Provides an engine while `use` runs. Error BackendUnavailable or InvalidOption. */
export const withBackend =
  ({ backend, threads }: EngineChoice) =>
  <A>(use: (resolved: ResolvedBackend) => TE.TaskEither<CpnasError, A>): TE.TaskEither<CpnasError, A> =>
    TE.bracket(
      pipe(
        resolveBackend(backend, { threads }),
        TE.mapLeft(error =>
          error.where.startsWith('backend ')
            ? { ...error, remedy: `${error.remedy}; \`cpnas backends\` says which engines work here` }
            : error,
        ),
      ),
      use,
      resolved => TE.fromTask(() => resolved.backend.close()),
    )

/** Whose work it is: of the workers of a queue. */
export interface WorkersChoice extends QueueChoice {
  /** Whether they must round as the engine of the run does. Default: false. */
  readonly sameEngine?: boolean | undefined
}

/** Everything a run has opened, with its directory locked. */
export interface Opened<R extends RunBase, A = undefined> {
  readonly data: IdentifiedData
  readonly engine: ResolvedBackend
  readonly config: R
  readonly lock: Lock
  /** What `prepare` made. */
  readonly prepared: A
}

/** How to follow and stop a run. O is everything that is open when it begins, S its state, E its events. */
export interface Telling<O, S, E> {
  /** Called when it begins, with the state it resumes from; undefined for a new run. Default: not called. */
  readonly begun?: (opened: O, state: S | undefined) => void
  /** Called with every event. Default: not called. */
  readonly emit?: (event: E) => void
  /** Called with the reason if locking the directory takes a while. Default: not called. */
  readonly note?: (line: string) => void
  /** Called with the data at the end, when it is known which images were damaged. Default: not called. */
  readonly over?: (data: OpenData) => void
  /** The queue whose workers do the work. Default: this process does it. */
  readonly queue?: WorkersChoice | undefined
  /** How the images of a folder are read. */
  readonly images?: Pick<DataChoice, 'cache' | 'workers' | 'maxCorrupt'>
  /** Stops it after the work in progress. */
  readonly signal: AbortSignal
}

/** What a kind of run does once everything is open; B is its result. */
interface Use<R extends RunBase, A, B> {
  /** Checks the data, and reads what else there is. */
  readonly prepare: (data: IdentifiedData) => TE.TaskEither<CpnasError, A>
  /** Adds to config.json what this kind of run keeps there. */
  readonly complete: (base: RunBase, prepared: A) => R
  readonly use: (opened: Opened<R, A>) => TE.TaskEither<CpnasError, B | undefined>
}

/**
 * Opens the data and the engine, locks the directory, and closes all of it again, however the run ends. Undefined: the signal
 * stopped it, perhaps before anything was written. InvalidOption: the data are not those of the run to resume. OutputInUse.
 */
export const openRun = <C, R extends RunBase, A, B>(
  plan: Plan<C, R>,
  { images, note = () => {}, over = () => {}, signal }: Telling<never, never, never>,
  { prepare, complete, use }: Use<R, A, B>,
): TE.TaskEither<CpnasError, B | undefined> =>
  withData({ ...images, ...plan })(opened =>
    pipe(
      identify(opened),
      TE.tap(data =>
        plan.stored === undefined ? TE.right(undefined) : checkImages(plan.stored, plan.directory, data),
      ),
      TE.bindTo('data'),
      TE.bind('prepared', ({ data }) => prepare(data)),
      TE.flatMap(
        ({ data, prepared }): TE.TaskEither<CpnasError, B | undefined> =>
          signal.aborted
            ? TE.right(undefined)
            : withBackend(plan)(engine =>
                withLock(
                  plan.directory,
                  note,
                )(lock => {
                  const config = runConfig(plan, data, engine, base => complete(base, prepared))
                  return use({ data, engine, config, lock, prepared })
                }),
              ),
      ),
      TE.tapIO(() => () => over(opened)),
    ),
  )

/** Which engine, and why; as journals name it. */
export const engineText = ({ name, reason }: ResolvedBackend): string => `${name}, ${reason}`

/** The options of `perform` that follow from a run's callbacks; the lines are said when it begins. */
export const performing = <O extends Pick<Opened<RunBase>, 'lock'>, S extends RunState, E>(
  opened: O,
  { begun, emit = () => {}, note = () => {}, signal }: Telling<O, S, E>,
  lines: readonly string[] = [],
): PerformOptions<S, E> => ({
  emit,
  begun: state => {
    begun?.(opened, state)
    for (const line of lines) note(line)
  },
  lock: opened.lock,
  signal,
  version,
})
