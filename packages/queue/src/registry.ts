import { isRecord } from '@cpnas/core'
import type { Redis } from 'ioredis'
import type { RunRecord, WorkerRecord } from './records.js'

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
