import { createHash } from 'node:crypto'
import { isRecord } from '@cpnas/core'
import { type Either, left, right } from 'fp-ts/lib/Either.js'

/** What JSON can say. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json | undefined }

/** Byte sequences by name: weights, files. */
export type Blobs = Readonly<Record<string, Uint8Array>>

/** Work that follows from its inputs: its result is the same wherever, whenever and however often it is done. */
export interface Task {
  /** Which work it is: one of those that the workers know. */
  readonly kind: string
  /** For people: what a list of tasks calls it. It does not tell tasks apart. */
  readonly label: string
  readonly data: Json
  readonly blobs: Blobs
}

/** The result of a task. */
export interface TaskOutput {
  readonly data: Json
  readonly blobs: Blobs
}

/** A blob by the SHA-256 of its content, in hexadecimal digits, and its length. */
export interface BlobName {
  readonly hash: string
  readonly bytes: number
}

/** A task, or a result, as it lies in the queue: the blobs elsewhere. */
export interface Payload {
  readonly label: string
  readonly data: Json
  readonly blobs: Readonly<Record<string, BlobName>>
}

/** Limits of what is taken from a queue: of data as JSON in characters, of a blob in bytes, of the blobs of a task. */
export const limits = { data: 2 ** 23, blob: 2 ** 29, blobs: 64 } as const

export const blobName = (bytes: Uint8Array): BlobName => ({
  hash: createHash('sha256').update(bytes).digest('hex'),
  bytes: bytes.length,
})

/** The payload of a task or its result. */
export const payloadOf = (label: string, { data, blobs }: TaskOutput): Payload => ({
  label,
  data,
  blobs: Object.fromEntries(Object.entries(blobs).map(([name, bytes]) => [name, blobName(bytes)])),
})

/** What a task of this payload is known by. */
export const idOf = (kind: string, { data, blobs }: Pick<Payload, 'data' | 'blobs'>): string => {
  const named = Object.keys(blobs)
    .sort()
    .map(name => [name, blobs[name]!.hash, blobs[name]!.bytes])
  return createHash('sha256')
    .update(JSON.stringify([kind, data, named]))
    .digest('hex')
}

/** What a task is known by: tasks of the same inputs have the same. */
export const taskId = (task: Task): string => idOf(task.kind, payloadOf('', task))

const isBlobName = (value: unknown): value is BlobName =>
  isRecord(value) &&
  typeof value.hash === 'string' &&
  /^[0-9a-f]{64}$/.test(value.hash) &&
  Number.isSafeInteger(value.bytes) &&
  (value.bytes as number) >= 0 &&
  (value.bytes as number) <= limits.blob

/** A payload from outside; Left says what is wrong with it. What `data` holds is for those to check who know the kind. */
export const parsePayload = (value: unknown): Either<string, Payload> => {
  if (!isRecord(value) || typeof value.label !== 'string' || !('data' in value) || !isRecord(value.blobs))
    return left('is no task of cpnas')
  const names = Object.values(value.blobs)
  if (names.length > limits.blobs || !names.every(isBlobName)) return left('names no blobs, or too large ones')
  if (JSON.stringify(value.data).length > limits.data) return left(`has more than ${limits.data} characters of data`)
  return right(value as unknown as Payload)
}
