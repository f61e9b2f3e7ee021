import { isRecord } from '@cpnas/core'
import type { Redis } from 'ioredis'

/** Who can work for whom: the version of cpnas, and the images. */
export interface Identity {
  readonly version: string
  readonly images: { readonly title: string; readonly digest: string }
}

/** A process that works, as all can see it. */
export interface WorkerRecord extends Identity {
  readonly id: string
  readonly host: string
  readonly pid: number
  /** The engine in one line, and how it rounds: engines of the same digits round alike. */
  readonly engine: string
  readonly rounding: string
  readonly threads: number
  /** ISO 8601. */
  readonly since: string
  /** Tasks that it has finished, those that failed, and the seconds that the finished ones took. */
  readonly finished: number
  readonly failed: number
  readonly seconds: number
  readonly task: { readonly label: string; readonly since: string; readonly fraction: number } | null
}

/** A process that gives work out. */
export interface RunRecord extends Identity {
  readonly id: string
  readonly host: string
  readonly pid: number
  /** For people: the command and the name of its directory. */
  readonly label: string
  /** The rounding that it asks of its workers; null: any. */
  readonly rounding: string | null
  readonly since: string
}

/** Tasks for one version and one data set are in one queue. */
export const queueName = ({ version, images }: Identity): string => `${version}-${images.digest.slice(0, 16)}`

/** BullMQ's own keys begin with this. */
export const prefix = 'cpnas'

/** Seconds between two signs of life, and without one until a process is taken for dead. */
const period = 3
const patience = 30

type Kind = 'worker' | 'run'

const keyOf = (kind: Kind, id: string): string => `cpnas-${kind}:${id}`

/** Announces a process until it is stopped; `current` is what it says of itself each time. `now` announces at once. */
export const announce = <R extends { readonly id: string }>(
  client: Redis,
  kind: Kind,
  current: () => R,
): { readonly now: () => Promise<void>; readonly stop: () => Promise<void> } => {
  const now = async (): Promise<void> => {
    await client.set(keyOf(kind, current().id), JSON.stringify(current()), 'EX', patience)
  }
  // A sign that fails is made up for by the next.
  const timer = setInterval(() => void now().catch(() => {}), period * 1000)
  timer.unref()
  return {
    now,
    stop: async () => {
      clearInterval(timer)
      await client.del(keyOf(kind, current().id))
    },
  }
}

const records = async <R>(client: Redis, kind: Kind): Promise<readonly R[]> => {
  const keys: string[] = []
  for await (const found of client.scanStream({ match: keyOf(kind, '*'), count: 1000 }))
    keys.push(...(found as string[]))
  if (keys.length === 0) return []
  const texts = await client.mget([...new Set(keys)].sort())
  return texts.flatMap(text => {
    try {
      const value: unknown = JSON.parse(text ?? '')
      return isRecord(value) && typeof value.version === 'string' && isRecord(value.images) ? [value as R] : []
    } catch {
      return []
    }
  })
}

/** The processes that have given a sign of life. */
export const workersOf = (client: Redis): Promise<readonly WorkerRecord[]> => records(client, 'worker')
export const runsOf = (client: Redis): Promise<readonly RunRecord[]> => records(client, 'run')

/** Why a worker cannot work for a run, seen from the worker; undefined if it can. */
export const mismatch = (
  worker: Pick<WorkerRecord, 'version' | 'images' | 'rounding'>,
  run: Pick<RunRecord, 'version' | 'images' | 'rounding'>,
): string | undefined => {
  if (worker.version !== run.version) return `is cpnas ${worker.version}, not ${run.version}`
  if (worker.images.digest !== run.images.digest)
    return worker.images.title === run.images.title
      ? `has other images of ${worker.images.title}`
      : `has ${worker.images.title}, not ${run.images.title}`
  return run.rounding === null || run.rounding === worker.rounding ? undefined : 'has an engine that rounds differently'
}
