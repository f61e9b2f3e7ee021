import { basename, resolve } from 'node:path'
import type { Backend } from '@cpnas/backends'
import type { CpnasError } from '@cpnas/core'
import { type Giver, placeOf, type WorkerRecord, withGiver } from '@cpnas/queue'
import { type RunBase, removeWorkers, writeWorkers } from '@cpnas/runs'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Opened, Telling } from '../open-run.js'
import { version } from '../version.js'
import { roundingOf } from './rounding.js'

const workerText = ({ engine, threads, ...worker }: WorkerRecord): string =>
  `${placeOf(worker)}: ${engine.split(',')[0]}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`

/** What is said of a queue when a run begins. */
const linesOf = ({ shown, warnings }: Giver, workers: readonly WorkerRecord[]): readonly string[] => [
  `Queue:  ${shown}, ${workers.length === 0 ? 'no worker yet; start one: cpnas worker --queue ADDRESS' : workers.length === 1 ? '1 worker' : `${workers.length} workers`}`,
  ...workers.map(worker => `        ${workerText(worker)}`),
  ...warnings.map(line => `        ${line}`),
]

/** Milliseconds between two looks at the workers. */
const period = 5000

/** Keeps the directory's file of workers up to date while the work goes on, for those who watch. */
const following = <A>(
  giver: Giver,
  directory: string,
  work: TE.TaskEither<CpnasError, A>,
): TE.TaskEither<CpnasError, A> =>
  TE.bracket(
    TE.fromIO(() => {
      let last: Promise<unknown> = Promise.resolve()
      const timer = setInterval(() => {
        // What is missed now is said the next time.
        last = giver
          .workers()
          .then(workers => writeWorkers(directory, workers)())
          .catch(() => {})
      }, period)
      return async () => {
        clearInterval(timer)
        await last
        await removeWorkers(directory)
      }
    }),
    () => work,
    stop => TE.fromTask(stop),
  )

/** Provides what gives work to the workers of a queue, if one was chosen, and says so. InvalidOption: no Redis, or workers that do not fit. */
export const withWorkers = <A>(
  { data, engine, directory }: Pick<Opened<RunBase>, 'data' | 'engine'> & { readonly directory: string },
  { queue, note = () => {}, signal }: Telling<never, never, never>,
  use: (giver: Giver | undefined, lines: readonly string[]) => TE.TaskEither<CpnasError, A>,
): TE.TaskEither<CpnasError, A> =>
  queue === undefined
    ? use(undefined, [])
    : pipe(
        // An engine's tensors are its own: the check is generic in them.
        TE.fromTask(async () => (queue.sameEngine ? await roundingOf(engine.backend as Backend<unknown>) : undefined)),
        TE.flatMap(rounding =>
          withGiver(queue, {
            version,
            images: { title: data.source.title, digest: data.fingerprint.digest },
            label: basename(resolve(directory)),
            ...(rounding === undefined ? {} : { rounding }),
            note,
            signal,
          })(giver =>
            pipe(
              TE.fromTask(giver.workers),
              TE.flatMap(workers => following(giver, directory, use(giver, linesOf(giver, workers)))),
            ),
          ),
        ),
      )
