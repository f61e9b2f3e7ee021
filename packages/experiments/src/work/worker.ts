import { type Backend, defaultThreads } from '@cpnas/backends'
import type { CpnasError, Interruption } from '@cpnas/core'
import { type QueueChoice, type ServeOptions, serve, type TaskOutput } from '@cpnas/queue'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { type DataChoice, identify, withData } from '../data.js'
import { type EngineChoice, engineText, withBackend } from '../open-run.js'
import { version } from '../version.js'
import { innerRunWork, removeInnerRun } from './inner-run.js'
import type { Assignment, WorkKind, Workplace } from './kind.js'
import { roundingOf } from './rounding.js'
import { sampleWork } from './sample.js'
import { tableRowWork } from './table-row.js'

/** Does the work if it is of this kind; undefined if it is of another. */
const doing =
  <I>({ kind, parse, perform }: WorkKind<I>) =>
  (
    task: { readonly kind: string; readonly data: Parameters<WorkKind<I>['parse']>[0] },
    place: Workplace,
    assignment: Assignment,
  ): Promise<E.Either<Interruption, TaskOutput>> | undefined => {
    if (task.kind !== kind) return undefined
    const input = parse(task.data)
    if (E.isLeft(input)) return Promise.reject(new Error(input.left))
    return perform(input.right, place, assignment)
  }

/** All that a worker can do. */
const kinds = [doing(sampleWork), doing(innerRunWork), doing(tableRowWork)]

/** How a worker works: its images, its engine, its queue. */
export interface WorkerOptions
  extends DataChoice,
    Partial<EngineChoice>,
    Pick<ServeOptions, 'lostAfter' | 'event' | 'note' | 'signal'> {
  readonly queue: QueueChoice
  /** Where it keeps trainings that it has begun. */
  readonly directory: string
  /** Called when it is ready: its images, its engine, the address of the queue, and what is to be known about it. */
  readonly ready: (place: Workplace, shown: string, warnings: readonly string[]) => void
}

/** Works for the runs of a queue until the signal comes. Gives the number of tasks that it finished. InvalidOption, InvalidData, BackendUnavailable. */
export const performWork = (options: WorkerOptions): TE.TaskEither<CpnasError, number> => {
  const { queue, directory, note, signal, backend = 'auto', threads = defaultThreads() } = options
  return withData(options)(opened =>
    pipe(
      identify(opened),
      TE.flatMap(data =>
        withBackend({ backend, threads })(engine =>
          pipe(
            // An engine's tensors are its own: the check is generic in them.
            TE.fromTask(() => roundingOf(engine.backend as Backend<unknown>)),
            TE.flatMap(rounding => {
              const place: Workplace = { data, engine, threads, directory, note }
              return serve(
                queue,
                {
                  version,
                  images: { title: data.source.title, digest: data.fingerprint.digest },
                  engine: engineText(engine),
                  rounding,
                  threads,
                  ...(options.lostAfter === undefined ? {} : { lostAfter: options.lostAfter }),
                  ready: (shown, warnings) => options.ready(place, shown, warnings),
                  event: options.event,
                  // Unless the disk fails, and then it stays.
                  accepted: id => void removeInnerRun(directory, id).catch(() => {}),
                  note,
                  signal,
                },
                async (task, report, signal) => {
                  const assignment = { id: task.id, blobs: task.blobs, report, signal }
                  for (const work of kinds) {
                    const result = work(task, place, assignment)
                    if (result !== undefined) return result
                  }
                  throw new Error(`${task.kind} is no work that this version knows`)
                },
              )
            }),
          ),
        ),
      ),
    ),
  )
}
