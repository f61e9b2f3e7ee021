import type { CpnasError } from '@cpnas/core'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { queueName, type RunRecord, type WorkerRecord } from './records.js'
import { prefix, runsOf, workersOf } from './registry.js'
import { openServer } from './server.js'

/** The tasks of one version and one data set. */
export interface QueueCounts {
  readonly name: string
  readonly waiting: number
  readonly active: number
  readonly finished: number
  readonly failed: number
}

/** Everything that is going on in a Redis. */
export interface QueueStatus {
  readonly shown: string
  readonly warnings: readonly string[]
  readonly runs: readonly RunRecord[]
  readonly workers: readonly WorkerRecord[]
  /** Those that a run or a worker is there for. */
  readonly queues: readonly QueueCounts[]
}

/** Who gives work out, who works, and how much there is. InvalidOption if there is no Redis. */
export const queueStatus = (address: string): TE.TaskEither<CpnasError, QueueStatus> =>
  TE.bracket(
    openServer(address),
    ({ client, url, warnings, libraries }) =>
      pipe(
        TE.fromTask(async () => {
          const [runs, workers] = await Promise.all([runsOf(client), workersOf(client)])
          const names = [...new Set([...runs, ...workers].map(queueName))].sort()
          const queues = await Promise.all(
            names.map(async (name): Promise<QueueCounts> => {
              const queue = new libraries.bullmq.Queue(name, { connection: client, prefix })
              const counts = await queue.getJobCounts('waiting', 'delayed', 'active', 'completed', 'failed')
              return {
                name,
                waiting: (counts.waiting ?? 0) + (counts.delayed ?? 0),
                active: counts.active ?? 0,
                finished: counts.completed ?? 0,
                failed: counts.failed ?? 0,
              }
            }),
          )
          return { shown: url.shown, warnings, runs, workers, queues }
        }),
      ),
    server => TE.fromIO(server.close),
  )
