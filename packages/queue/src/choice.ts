import type { Redis } from 'ioredis'
import { type BlobStore, cachedBlobs, directoryBlobs, redisBlobs } from './blobs.js'

/** Which queue. */
export interface QueueChoice {
  /** Address of a Redis: `redis://[[USER]:PASSWORD@]HOST[:PORT][/NUMBER]` or `rediss://...`. */
  readonly address: string
  /** A directory that all machines share, for weights and files. Default: they are in Redis. */
  readonly blobs?: string | undefined
}

/** Bytes of blobs that a process keeps in memory. */
const capacity = 2 ** 28

export const storeOf = ({ blobs }: QueueChoice, client: Redis): BlobStore =>
  cachedBlobs(blobs === undefined ? redisBlobs(client) : directoryBlobs(blobs), capacity)
