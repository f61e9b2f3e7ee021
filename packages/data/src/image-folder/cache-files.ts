import { randomUUID } from 'node:crypto'
import { closeSync, openSync, readSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { type CacheEntry, encodeRecord, type FileState, keyOf } from './cache-record.js'
import type { Pixels } from './decode.js'

/** A cache's files as one worker sees them. */
export interface CacheFiles {
  /** The pixels of an entry; undefined if they are not there any more or not what they were. */
  readonly read: (entry: CacheEntry) => Pixels | undefined
  /** Appends an image to this worker's own segment, and to its index when the pixels are written. Throws when it cannot. */
  readonly write: (path: string, state: FileState, pixels: Pixels) => CacheEntry
  readonly close: () => void
}

const writeAll = (fd: number, bytes: Uint8Array): void => {
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done)
}

interface OwnSegment {
  readonly name: string
  readonly pixels: number
  readonly index: number
}

/**
 * A segment is a file of pixels, image after image, and a file of index records. Only the worker that made it appends to
 * it, a record after the pixels that it tells of; so whenever a process ends, what the index has is whole.
 */
export const cacheFiles = (directory: string, prefix: string): CacheFiles => {
  const opened = new Map<string, number | undefined>()
  let own: OwnSegment | undefined
  let end = 0

  const open = (segment: string): number | undefined => {
    if (!opened.has(segment)) {
      try {
        opened.set(segment, openSync(join(directory, `${segment}.pixels`), 'r'))
      } catch {
        opened.set(segment, undefined)
      }
    }
    return opened.get(segment)
  }

  const create = (): OwnSegment => {
    const name = `${prefix}${randomUUID()}`
    return {
      name,
      pixels: openSync(join(directory, `${name}.pixels`), 'ax'),
      index: openSync(join(directory, `${name}.index`), 'ax'),
    }
  }

  return {
    read: ({ segment, offset, width, height, checksum }) => {
      const fd = open(segment)
      if (fd === undefined) return undefined
      const bytes = new Uint8Array(width * height * 3)
      try {
        for (let done = 0; done < bytes.length; ) {
          const n = readSync(fd, bytes, done, bytes.length - done, offset + done)
          if (n === 0) return undefined
          done += n
        }
      } catch {
        return undefined
      }
      return crc32(bytes) === checksum ? { bytes, width, height } : undefined
    },
    write: (path, { size, mtimeMs }, { bytes, width, height }) => {
      own ??= create()
      const offset = end
      writeAll(own.pixels, bytes)
      end += bytes.length
      const entry = { size, mtimeMs, width, height, offset, checksum: crc32(bytes), written: Date.now() }
      writeAll(own.index, encodeRecord(keyOf(path), entry))
      return { segment: own.name, ...entry }
    },
    close: () => {
      for (const fd of [...opened.values(), own?.pixels, own?.index]) if (fd !== undefined) closeSync(fd)
      opened.clear()
      own = undefined
      end = 0
    },
  }
}
