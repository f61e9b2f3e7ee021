import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { type CpnasError, cpnasError, formatError, type Interruption } from '@cpnas/core'
import type { Job } from 'bullmq'
import type { Either } from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { getAll, putAll } from './blobs.js'
import type { QueueChoice } from './choice.js'
import { type Identity, mismatch, queueName, type WorkerRecord } from './records.js'
import { announce, prefix, runsOf } from './registry.js'
import { onConnection, openServer, type Server } from './server.js'
import { storeOf } from './store.js'
import { idOf, type Payload, parsePayload, payloadOf, type Task, type TaskOutput } from './task.js'

/** Who did a task. */
export type Performer = Pick<WorkerRecord, 'host' | 'pid' | 'engine' | 'rounding' | 'threads'>

/** What a worker leaves in the queue. */
export interface TaskResult {
  readonly output: Payload
  readonly by: Performer
  readonly seconds: number
}

/** A task that a worker was given. */
export type GivenTask = Task & { readonly id: string }

/** Does a task: `report` takes how much of it is done, 0..1. */
export type Handler = (
  task: GivenTask,
  report: (fraction: number) => void,
  signal: AbortSignal,
) => Promise<Either<Interruption, TaskOutput>>

/** What a worker tells. */
export type WorkerEvent = {
  readonly label: string
  readonly kind: string
} & (
  | { readonly type: 'begun' }
  | { readonly type: 'finished'; readonly seconds: number }
  | { readonly type: 'failed'; readonly reason: string }
  | { readonly type: 'stopped' }
)

/** A worker: who it is, and how it is followed and stopped. */
export interface ServeOptions extends Identity, Pick<WorkerRecord, 'engine' | 'rounding' | 'threads'> {
  /** Seconds without a sign of life after which its task is given to another worker. Default 30. */
  readonly lostAfter?: number
  /** Called when it is ready, with what is to be known about the Redis. */
  readonly ready: (shown: string, warnings: readonly string[]) => void
  /** Called when a task begins and ends. */
  readonly event: (event: WorkerEvent) => void
  /**
   * Called when the result of a task is in the queue, with the task's name: what the handler has kept of it is no longer needed. A worker that
   * was cut off may have its result refused, and be given the task again. Default: nothing.
   */
  readonly accepted?: (id: string) => void
  /** Called when the connection is lost and when it is back. */
  readonly note: (line: string) => void
  readonly signal: AbortSignal
}

/** How often a task may lose its worker before it counts as failed. */
const mayStall = 2

/** InvalidOption if no run that is waiting wants this worker, or if one cannot have it. */
const checkRuns = (
  { url, client }: Server,
  identity: Pick<WorkerRecord, 'version' | 'images' | 'rounding'>,
): TE.TaskEither<CpnasError, void> => {
  const refuse = (problem: string, remedy: string) => TE.left(cpnasError('InvalidOption', 'queue', problem, remedy))
  return pipe(
    TE.tryCatch(
      () => runsOf(client),
      error =>
        cpnasError('InvalidOption', 'queue', `${url.shown} does not answer (${(error as Error).message})`, 'Try again'),
    ),
    TE.flatMap(runs => {
      const reasons = runs.map(run => ({ run, reason: mismatch(identity, run) }))
      const other = reasons.find(({ run, reason }) => reason !== undefined && queueName(run) === queueName(identity))
      if (other)
        return refuse(
          `a run there asks for engines that round as its own does, and this one rounds differently (${other.run.label} on ${other.run.host})`,
          'Give the engine of that run with `backend`, or begin it without `same-engine`',
        )
      return runs.length === 0 || reasons.some(({ reason }) => reason === undefined)
        ? TE.right(undefined)
        : refuse(
            `no run there can use this worker: it ${reasons.map(({ run, reason }) => `${reason} (${run.label} on ${run.host})`).join('; it ')}`,
            'Give the images of the run with `data`, and use its version of cpnas',
          )
    }),
  )
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/**
 * Takes tasks, one at a time, until the signal comes; what it is working on then goes back. Gives the number of finished ones. InvalidOption:
 * no Redis, or no run that is waiting there wants this worker.
 */
export const serve = (
  choice: QueueChoice,
  options: ServeOptions,
  handler: Handler,
): TE.TaskEither<CpnasError, number> =>
  TE.bracket(
    openServer(choice.address),
    server =>
      pipe(
        checkRuns(server, options),
        TE.flatMap(() => TE.fromTask(() => work(server, choice, options, handler))),
      ),
    server => TE.fromIO(server.close),
  )

const work = async (
  server: Server,
  choice: QueueChoice,
  { lostAfter = 30, signal, ready, event, accepted = () => {}, note, ...self }: ServeOptions,
  handler: Handler,
): Promise<number> => {
  const { client, url, libraries, warnings } = server
  const { Worker, WaitingError } = libraries.bullmq
  const store = storeOf(choice, client)
  const by: Performer = {
    host: hostname(),
    pid: process.pid,
    engine: self.engine,
    rounding: self.rounding,
    threads: self.threads,
  }
  let record: WorkerRecord = {
    id: randomUUID(),
    version: self.version,
    images: self.images,
    ...by,
    since: new Date().toISOString(),
    finished: 0,
    failed: 0,
    seconds: 0,
    task: null,
  }
  const announced = announce(client, 'worker', () => record)

  const failed = (label: string, kind: string, reason: string): never => {
    record = { ...record, failed: record.failed + 1, task: null }
    event({ type: 'failed', label, kind, reason })
    throw new Error(reason)
  }

  const processTask = async (job: Job<unknown, TaskResult>, token: string | undefined): Promise<TaskResult> => {
    const kind = job.name
    const begun = performance.now()
    const payload = parsePayload(job.data)
    if (payload._tag === 'Left') return failed('?', kind, payload.left)
    const { label, data, blobs } = payload.right
    const id = idOf(kind, payload.right)
    if (id !== job.id) return failed(label, kind, 'is not what its name says')
    record = { ...record, task: { label, since: new Date().toISOString(), fraction: 0 } }
    await announced.now().catch(() => {})
    event({ type: 'begun', label, kind })
    const report = (fraction: number): void => {
      record = { ...record, task: { ...record.task!, fraction } }
    }
    try {
      const task = { id, kind, label, data, blobs: await getAll(store, blobs) }
      const result = await handler(task, report, signal)
      if (result._tag === 'Left') {
        const { left: reason } = result
        if (reason !== 'stopped') return failed(label, kind, formatError(reason))
        event({ type: 'stopped', label, kind })
        // One that has lost its lock is waiting already.
        await job.moveToWait(token).catch(() => {})
        throw new WaitingError()
      }
      await putAll(store, result.right.blobs)
      const seconds = (performance.now() - begun) / 1000
      record = { ...record, finished: record.finished + 1, seconds: record.seconds + seconds, task: null }
      void announced.now().catch(() => {})
      event({ type: 'finished', label, kind, seconds })
      return { output: payloadOf(label, result.right), by, seconds }
    } catch (error) {
      if (error instanceof WaitingError || record.task === null) throw error
      return failed(label, kind, reasonOf(error))
    }
  }

  const worker = new Worker<unknown, TaskResult>(queueName(self), processTask, {
    connection: client,
    prefix,
    lockDuration: lostAfter * 1000,
    stalledInterval: (lostAfter * 1000) / 2,
    maxStalledCount: mayStall,
  })
  worker.on('completed', ({ id }) => accepted(id!))
  let said: string | undefined
  worker.on('error', ({ name, message }) => {
    if (/^Missing lock/.test(message)) return note('a result came too late: its task has been given to another worker')
    // Of a lost connection `onConnection` tells; a task's own failure is an event of its own.
    if (name !== 'ReplyError' || message === said) return
    said = message
    note(`${url.shown}: ${message}`)
  })
  onConnection(server, note)
  await announced.now().catch(() => {})
  ready(url.shown, warnings)
  await new Promise<void>(resolve => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
  await worker.close(client.status !== 'ready')
  if (client.status === 'ready') await announced.stop().catch(() => {})
  return record.finished
}
