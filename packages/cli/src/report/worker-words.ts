import { printable } from '@cpnas/core'
import { placeOf, type QueueStatus, type WorkerEvent, type WorkerRecord } from '@cpnas/queue'
import { counted } from './amounts.js'
import { duration } from './format.js'
import { type Block, grid } from './layout.js'

/** What a worker does, in one line. */
export const workerLine = (event: WorkerEvent): string => {
  const of = printable(event.label)
  switch (event.type) {
    case 'begun':
      return `begun: ${of}`
    case 'finished':
      return `finished: ${of} (${duration(event.seconds)})`
    case 'failed':
      return `failed: ${of}: ${printable(event.reason)}`
    case 'stopped':
      return `given back: ${of}`
  }
}

const taskText = ({ task }: WorkerRecord): string =>
  task === null ? 'nothing' : printable(`${task.label}, ${(100 * task.fraction).toFixed(0)} %`)

const perTask = ({ finished, seconds }: WorkerRecord): string =>
  finished === 0 ? '-' : (seconds / finished).toFixed(1)

/** Who gives work out, who works, how fast, and how much is left. */
export const printQueueStatus = ({ shown, warnings, runs, workers, queues }: QueueStatus): readonly Block[] => [
  `${shown}: ${counted(runs.length, 'run')}, ${counted(workers.length, 'worker')}`,
  ...warnings,
  ...(runs.length === 0
    ? []
    : [
        grid(
          ['run', 'on', 'images', 'cpnas'],
          runs.map(run => [run.label, placeOf(run), run.images.title, run.version].map(printable)),
        ),
      ]),
  ...(workers.length === 0
    ? []
    : [
        grid(
          ['worker', 'images', 'engine', 'works on', 'threads', 'finished', 'failed', 's a task'],
          workers.map(worker => [
            printable(placeOf(worker)),
            printable(worker.images.title),
            printable(`${worker.engine.split(',')[0]} (rounding ${worker.rounding})`),
            taskText(worker),
            ...[worker.threads, worker.finished, worker.failed].map(String),
            perTask(worker),
          ]),
          4,
        ),
      ]),
  ...(queues.length === 0
    ? []
    : [
        grid(
          ['queue', 'waiting', 'worked on', 'finished, not yet fetched', 'failed'],
          queues.map(({ name, waiting, active, finished, failed }) => [
            name,
            ...[waiting, active, finished, failed].map(String),
          ]),
          1,
        ),
      ]),
]
