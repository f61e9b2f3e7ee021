import { readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { writeFileAtomic } from '@cpnas/core/files'
import type { Redis } from 'ioredis'
import { type BlobName, blobName, limits } from './task.js'

/** Where blobs are, by their content. */
export interface BlobStore {
  readonly put: (bytes: Uint8Array) => Promise<BlobName>
  /** Rejects if it is not there, or damaged. */
  readonly get: (name: BlobName) => Promise<Uint8Array>
  readonly remove: (names: readonly BlobName[]) => Promise<void>
  /** Removes what is older than a week: a process that was killed has left it. */
  readonly sweep: () => Promise<void>
}

/** Days that a blob stays when nobody removes it. */
const days = 7

const keyOf = ({ hash }: BlobName): string => `cpnas-blob:${hash}`

const checked = (name: BlobName, bytes: Uint8Array, where: string): Uint8Array => {
  if (blobName(bytes).hash !== name.hash) throw new Error(`the blob ${name.hash} in ${where} is damaged`)
  // Not a Buffer, whose bytes may begin anywhere.
  return Uint8Array.from(bytes)
}

const bounded = (name: BlobName): BlobName => {
  if (name.bytes > limits.blob) throw new Error(`a blob has ${name.bytes} bytes; the limit is ${limits.blob}`)
  return name
}

/** Blobs in Redis: they expire after a week. */
export const redisBlobs = (client: Redis): BlobStore => ({
  put: async bytes => {
    const name = bounded(blobName(bytes))
    await client.set(keyOf(name), Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), 'EX', days * 86400)
    return name
  },
  get: async name => {
    const bytes = await client.getBuffer(keyOf(name))
    if (bytes === null)
      throw new Error(`the blob ${name.hash} is not in Redis: it has expired, or it is in the directory of \`blobs\``)
    return checked(name, bytes, 'Redis')
  },
  remove: async names => {
    if (names.length > 0) await client.del(names.map(keyOf))
  },
  // They expire.
  sweep: async () => {},
})

/** Blobs in a directory that all machines share, under the first two digits of their hash. */
export const directoryBlobs = (directory: string): BlobStore => {
  const pathOf = ({ hash }: BlobName): string => join(directory, hash.slice(0, 2), hash)
  return {
    put: async bytes => {
      const name = bounded(blobName(bytes))
      const written = await writeFileAtomic(pathOf(name), bytes)()
      if (written._tag === 'Left') throw new Error(`${written.left.where}: ${written.left.problem}`)
      return name
    },
    get: async name => {
      const bytes = await readFile(pathOf(name)).catch((error: Error) => {
        throw new Error(
          `the blob ${name.hash} cannot be read from ${directory}; the run and its workers need the same \`blobs\` (${error.message})`,
        )
      })
      return checked(name, bytes, directory)
    },
    remove: async names => {
      await Promise.all(names.map(name => rm(pathOf(name), { force: true })))
    },
    sweep: async () => {
      const found = await readdir(directory, { recursive: true }).catch(() => [])
      for (const name of found.filter(name => /^[0-9a-f]{2}.[0-9a-f]{64}$/.test(name))) {
        const path = join(directory, name)
        if (Date.now() - (await stat(path)).mtimeMs > days * 86_400_000) await rm(path, { force: true })
      }
    },
  }
}

/** A store that keeps what it has seen, up to so many bytes, the oldest going first. */
export const cachedBlobs = (store: BlobStore, capacity: number): BlobStore => {
  const kept = new Map<string, Uint8Array>()
  let size = 0
  const keep = ({ hash }: BlobName, bytes: Uint8Array): void => {
    if (kept.has(hash) || bytes.length > capacity) return
    kept.set(hash, bytes)
    size += bytes.length
    for (const [oldest, one] of kept) {
      if (size <= capacity) break
      kept.delete(oldest)
      size -= one.length
    }
  }
  return {
    put: async bytes => {
      const name = await store.put(bytes)
      keep(name, bytes)
      return name
    },
    get: async name => {
      const bytes = kept.get(name.hash) ?? (await store.get(name))
      keep(name, bytes)
      return bytes
    },
    remove: store.remove,
    sweep: store.sweep,
  }
}

/** The blobs that a payload names. */
export const getAll = async (
  store: BlobStore,
  names: Readonly<Record<string, BlobName>>,
): Promise<Record<string, Uint8Array>> =>
  Object.fromEntries(
    await Promise.all(Object.entries(names).map(async ([key, name]) => [key, await store.get(name)] as const)),
  )

export const putAll = async (store: BlobStore, blobs: Readonly<Record<string, Uint8Array>>): Promise<void> => {
  await Promise.all(Object.values(blobs).map(store.put))
}
