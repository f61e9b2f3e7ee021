import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { type CpnasError, cpnasError, type Interruption, isRecord } from '@cpnas/core'
import type { Queue, QueueEvents } from 'bullmq'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { type BlobStore, getAll, putAll } from './blobs.js'
import type { QueueChoice } from './choice.js'
import { type Identity, mismatch, placeOf, queueName, type RunRecord, type WorkerRecord } from './records.js'
import { announce, prefix, workersOf } from './registry.js'
import type { Performer, TaskResult } from './serve.js'
import { onConnection, openServer, type Server } from './server.js'
import { storeOf } from './store.js'
import { limits, parsePayload, payloadOf, type Task, type TaskOutput, taskId } from './task.js'

/** A finished task, and what was read from its output. */
export interface TaskDone<A> {
  readonly value: A
  readonly by: Performer
  readonly seconds: number
}

/** A run that gives work out: who it is, and how it is followed and stopped. */
export interface GiveOptions extends Identity {
  /** For people: the name of its directory. */
  readonly label: string
  /** The rounding that workers must have. Default: any. */
  readonly rounding?: string | undefined
  /** Called when nobody works, and when the connection is lost and back. */
  readonly note: (line: string) => void
  readonly signal: AbortSignal
}

/** Reads the output of a task, which comes from anywhere: Left says what is wrong with it, and the task is done again. */
export type Read<A> = (output: TaskOutput) => E.Either<string, A>

/** Gives tasks to workers. */
export interface Giver {
  readonly shown: string
  readonly warnings: readonly string[]
  /** The workers that can work for this run now. */
  readonly workers: () => Promise<readonly WorkerRecord[]>
  /**
   * Gives a task out and waits for its result. A task that was given out before, by this process or by another, is not done again. QueueFailed:
   * it failed three times.
   */
  readonly perform: <A>(task: Task, read: Read<A>) => Promise<E.Either<Interruption, TaskDone<A>>>
  /** Removes a task with its result: what was made of it is saved. */
  readonly forget: (task: Task) => Promise<void>
}

/** How often a task may fail. */
const tries = 3
/** Seconds that finished tasks are kept for a run that is to be resumed. */
const kept = 7 * 86400
/** Milliseconds between two looks at tasks whose end may have been missed, and how many are looked at. */
const period = 5000
const looks = 50

const refuse = (problem: string, remedy: string) => E.left(cpnasError('InvalidOption', 'queue', problem, remedy))

/** InvalidOption if workers are there and none can work for this run, or one that would must not. */
const checkWorkers = (workers: readonly WorkerRecord[], run: RunRecord, shown: string): E.Either<CpnasError, void> => {
  const reasons = workers.map(worker => ({ worker, reason: mismatch(worker, run) }))
  const others = reasons.filter(({ worker, reason }) => reason !== undefined && queueName(worker) === queueName(run))
  if (others.length > 0)
    return refuse(
      `has workers whose engines round differently from this run's: ${others.map(({ worker }) => placeOf(worker)).join('; ')}`,
      'Stop them, or leave `same-engine` out',
    )
  return workers.length === 0 || reasons.some(({ reason }) => reason === undefined)
    ? E.right(undefined)
    : refuse(
        `${shown} has no worker for this run: ${reasons.map(({ worker, reason }) => `${placeOf(worker)}, ${reason}`).join('; ')}`,
        'Start one with this version of cpnas and these images: cpnas worker --queue ADDRESS --data DIR',
      )
}

/** Settles when a task has ended or the signal comes. Looks at some of the tasks now and then, in case that an event was lost. */
const watcher = (queue: Queue, events: QueueEvents, signal: AbortSignal) => {
  const waiting = new Map<string, (lost: boolean) => void>()
  const settle = (id: string, lost = false): void => {
    const resolve = waiting.get(id)
    waiting.delete(id)
    resolve?.(lost)
  }
  const look = async (id: string): Promise<void> => {
    const state = await queue.getJobState(id)
    if (state === 'completed' || state === 'failed') settle(id)
    else if (state === 'unknown') settle(id, true)
    else {
      // To the end of the line of those to be looked at.
      const resolve = waiting.get(id)
      if (resolve && waiting.delete(id)) waiting.set(id, resolve)
    }
  }
  events.on('completed', ({ jobId }) => settle(jobId))
  events.on('failed', ({ jobId }) => settle(jobId))
  const timer = setInterval(() => {
    void Promise.all([...waiting.keys()].slice(0, looks).map(look)).catch(() => {})
  }, period)
  signal.addEventListener('abort', () => {
    for (const id of [...waiting.keys()]) settle(id)
  })
  return {
    /** Whether the queue has lost the task. */
    ended: (id: string): Promise<boolean> =>
      new Promise<boolean>(resolve => {
        waiting.set(id, resolve)
        if (signal.aborted) settle(id)
        // It may have ended before.
        void look(id).catch(() => {})
      }),
    count: () => waiting.size,
    close: () => clearInterval(timer),
  }
}

const giverOf = (
  server: Server,
  queue: Queue,
  events: QueueEvents,
  store: BlobStore,
  run: RunRecord,
  { signal, note }: GiveOptions,
) => {
  const watch = watcher(queue, events, signal)
  const running = new Map<string, Promise<E.Either<Interruption, TaskDone<unknown>>>>()
  const failedWith = (task: Task, problem: string): E.Either<Interruption, never> =>
    E.left(
      cpnasError(
        'QueueFailed',
        task.label,
        `failed ${tries} times; the last time: ${problem}`,
        'Look at the output of the workers; what is finished is saved, and `resume` continues',
      ),
    )

  /** Redis answers, and not as asked: its memory or disk is full, or this user may not. */
  const refused = (task: Task, { message }: Error): CpnasError =>
    cpnasError(
      'QueueFailed',
      task.label,
      `cannot be given out: ${message}`,
      `Look after ${server.url.shown}: its memory, its disk, the rights of its user; what is finished is saved, and \`resume\` continues`,
    )

  const add = async (id: string, task: Task): Promise<void> => {
    await putAll(store, task.blobs)
    // A task that had failed before this run was resumed is tried again.
    const before = await queue.getJob(id)
    if (before && (await before.isFailed())) await before.remove()
    await queue.add(task.kind, payloadOf(task.label, task), {
      jobId: id,
      attempts: tries,
      backoff: { type: 'fixed', delay: 500 },
      removeOnComplete: { age: kept },
      removeOnFail: { age: kept },
      stackTraceLimit: 0,
      sizeLimit: 2 * limits.data,
    })
  }

  const doneOf = async <A>(result: TaskResult, read: Read<A>): Promise<E.Either<string, TaskDone<A>>> => {
    const parsed = parsePayload(result?.output)
    if (parsed._tag === 'Left') return parsed
    if (!isPerformer(result.by) || !Number.isFinite(result.seconds)) return E.left('does not say who did it')
    const fetched = await TE.tryCatch(
      () => getAll(store, parsed.right.blobs),
      error => (error as Error).message,
    )()
    return pipe(
      fetched,
      E.flatMap(blobs => read({ data: parsed.right.data, blobs })),
      E.map(value => ({ value, by: result.by, seconds: result.seconds })),
    )
  }

  /** Removes a task whose result was no good, so that it can be done again. */
  const attempt = async <A>(
    id: string,
    task: Task,
    read: Read<A>,
    left: number,
  ): Promise<E.Either<Interruption, TaskDone<A>>> => {
    if (signal.aborted) return E.left('stopped')
    await add(id, task)
    const lost = await watch.ended(id)
    if (signal.aborted) return E.left('stopped')
    const job = lost ? undefined : await queue.getJob(id)
    if (job === undefined) return attempt(id, task, read, left)
    if (await job.isFailed()) return failedWith(task, failureText(job.failedReason))
    const done = await doneOf(job.returnvalue, read)
    if (done._tag === 'Right') return done
    const by: unknown = job.returnvalue?.by
    const problem = `${done.left}${isPerformer(by) ? ` (${placeOf(by)})` : ''}`
    if (left === 1) return failedWith(task, problem)
    note(`${task.label}: ${problem}; it is given out again`)
    await job.remove()
    return attempt(id, task, read, left - 1)
  }

  const perform = <A>(task: Task, read: Read<A>): Promise<E.Either<Interruption, TaskDone<A>>> => {
    const id = taskId(task)
    const before = running.get(id)
    // A task is always read alike.
    if (before) return before as Promise<E.Either<Interruption, TaskDone<A>>>
    const promise = attempt(id, task, read, tries).catch((error: Error) => E.left(refused(task, error)))
    running.set(id, promise)
    return promise
  }

  const fitting = async (): Promise<readonly WorkerRecord[]> =>
    (await workersOf(server.client)).filter(worker => mismatch(worker, run) === undefined)

  return {
    giver: {
      shown: server.url.shown,
      warnings: server.warnings,
      workers: fitting,
      perform,
      forget: async (task: Task) => {
        const id = taskId(task)
        running.delete(id)
        const job = await queue.getJob(id)
        const result = parsePayload((job?.returnvalue as TaskResult | undefined)?.output)
        const left = result._tag === 'Right' ? Object.values(result.right.blobs) : []
        // What cannot be removed now expires.
        await Promise.all([job?.remove(), store.remove([...Object.values(payloadOf('', task).blobs), ...left])]).catch(
          () => {},
        )
      },
    } satisfies Giver,
    waiting: watch.count,
    /** What nobody has begun is taken back; what is being worked on may be finished, for a run that is resumed. */
    close: async (): Promise<void> => {
      watch.close()
      if (server.client.status !== 'ready') return
      for (const id of running.keys()) {
        const job = await queue.getJob(id)
        if (job && ['waiting', 'delayed'].includes(await job.getState())) await job.remove().catch(() => {})
      }
    },
    fitting,
  }
}

const isPerformer = (by: unknown): by is Performer =>
  isRecord(by) &&
  ['host', 'engine', 'rounding'].every(name => typeof by[name] === 'string') &&
  ['pid', 'threads'].every(name => Number.isFinite(by[name]))

const failureText = (reason: string | undefined): string =>
  reason === undefined || /stalled/.test(reason)
    ? 'the worker that had it was lost, every time (for lack of memory?)'
    : reason.replace(/\.$/, '')

const give = async <A>(
  server: Server,
  choice: QueueChoice,
  options: GiveOptions,
  use: (giver: Giver) => TE.TaskEither<CpnasError, A>,
): Promise<E.Either<CpnasError, A>> => {
  const { client, libraries, url } = server
  const run: RunRecord = {
    id: randomUUID(),
    host: hostname(),
    pid: process.pid,
    version: options.version,
    images: options.images,
    label: options.label,
    rounding: options.rounding ?? null,
    since: new Date().toISOString(),
  }
  const checked = checkWorkers(await workersOf(client), run, url.shown)
  if (checked._tag === 'Left') return checked
  const { Queue: BullQueue, QueueEvents: BullEvents } = libraries.bullmq
  const name = queueName(run)
  const queue: Queue = new BullQueue(name, { connection: client, prefix })
  const listening = client.duplicate()
  listening.on('error', () => {})
  const events: QueueEvents = new BullEvents(name, { connection: listening, prefix })
  queue.on('error', () => {})
  events.on('error', () => {})
  await events.waitUntilReady()
  onConnection(server, options.note)
  const announced = announce(client, 'run', () => run)
  await announced.now()
  const store = storeOf(choice, client)
  await store.sweep().catch(() => {})
  const { giver, waiting, close, fitting } = giverOf(server, queue, events, store, run, options)
  let alone = false
  const timer = setInterval(async () => {
    if (waiting() === 0 || client.status !== 'ready') return
    const nobody = (await fitting().catch(() => undefined))?.length === 0
    if (nobody && !alone)
      options.note(`${url.shown} has no worker for this run. Start one: cpnas worker --queue ADDRESS`)
    alone = nobody
  }, period)
  try {
    return await use(giver)()
  } finally {
    clearInterval(timer)
    await close().catch(() => {})
    if (client.status === 'ready') await announced.stop().catch(() => {})
    await Promise.all([queue, events].map(one => one.close().catch(() => {})))
    listening.disconnect()
  }
}

/** Provides a giver while `use` runs. InvalidOption: no Redis, or workers are there and none can work for this run. */
export const withGiver =
  (choice: QueueChoice, options: GiveOptions) =>
  <A>(use: (giver: Giver) => TE.TaskEither<CpnasError, A>): TE.TaskEither<CpnasError, A> =>
    TE.bracket(
      openServer(choice.address),
      server => () => give(server, choice, options, use),
      server => TE.fromIO(server.close),
    )
