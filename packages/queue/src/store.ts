import type { Redis } from 'ioredis'
import { type BlobStore, cachedBlobs, directoryBlobs, redisBlobs } from './blobs.js'
import type { QueueChoice } from './choice.js'

/** Bytes of blobs that a process keeps in memory. */
const capacity = 2 ** 28

export const storeOf = ({ blobs }: QueueChoice, client: Redis): BlobStore =>
  cachedBlobs(blobs === undefined ? redisBlobs(client) : directoryBlobs(blobs), capacity)
