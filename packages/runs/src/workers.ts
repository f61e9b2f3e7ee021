import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type CpnasError, isRecord } from '@cpnas/core'
import { writeFileAtomic } from '@cpnas/core/files'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { readText } from './read-text.js'

/** A worker of a queue, while a run that it can work for goes on. */
export interface WorkerNow {
  readonly host: string
  readonly pid: number
  readonly threads: number
  /** Tasks of whichever run that it has finished, and that failed. */
  readonly finished: number
  readonly failed: number
  /** That the finished ones took. */
  readonly seconds: number
  readonly task: { readonly label: string; readonly fraction: number } | null
}

/** Who works for a run now; the file is there while it goes on. */
export const workersFile = 'workers.json'

const isWorker = (value: unknown): value is WorkerNow =>
  isRecord(value) &&
  typeof value.host === 'string' &&
  ['pid', 'threads', 'finished', 'failed', 'seconds'].every(name => Number.isFinite(value[name])) &&
  (value.task === null ||
    (isRecord(value.task) && typeof value.task.label === 'string' && Number.isFinite(value.task.fraction)))

/** Says who works for the run in a directory. */
export const writeWorkers = (directory: string, workers: readonly WorkerNow[]): TE.TaskEither<CpnasError, void> =>
  writeFileAtomic(
    join(directory, workersFile),
    `${JSON.stringify(
      workers.map(({ host, pid, threads, finished, failed, seconds, task }) => ({
        ...{ host, pid, threads, finished, failed, seconds },
        task: task && { label: task.label, fraction: task.fraction },
      })),
      null,
      2,
    )}\n`,
  )

/** Nobody does any more. */
export const removeWorkers = (directory: string): Promise<void> => rm(join(directory, workersFile), { force: true })

/** Who works for the run in a directory; nobody where that is not said. */
export const readWorkers = (directory: string): TE.TaskEither<CpnasError, readonly WorkerNow[]> =>
  pipe(
    readText(join(directory, workersFile)),
    TE.orElseW(() => TE.right(undefined)),
    TE.map(text => {
      try {
        const value: unknown = JSON.parse(text ?? '')
        return Array.isArray(value) ? value.filter(isWorker) : []
      } catch {
        return []
      }
    }),
  )
