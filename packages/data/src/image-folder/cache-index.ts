import { accessSync, constants, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type CpnasError, cpnasError } from '@cpnas/core'
import { makeDirectory } from '@cpnas/core/files'
import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { codeOf } from '../files.js'
import { type CacheEntry, decodeRecord, keyOf, recordBytes } from './cache-record.js'

/** The entries of a cache by the key of the image's path. Workers add to the files, the index to itself. */
export interface CacheIndex {
  readonly directory: string
  /** How the names of its segments begin: images of other sizes, and of other decoders, do not fit. */
  readonly prefix: string
  readonly get: (path: string) => CacheEntry | undefined
  readonly add: (path: string, entry: CacheEntry) => void
}

export const storageFailed = (directory: string, error: unknown): CpnasError =>
  cpnasError(
    'StorageFailed',
    directory,
    codeOf(error) === 'ENOSPC' ? 'the disk is full (ENOSPC)' : `the cache cannot be written (${codeOf(error)})`,
    'Give the cache a directory on a disk with room for all decoded images, or do without it',
  )

const nameOf = (path: string): string => keyOf(path).toString('base64')

/**
 * Opens a cache directory, which is made if it is not there. Pixels without a valid record are ignored and decoded again when needed. Error
 * StorageFailed if the directory cannot be written.
 */
export const openCache =
  (directory: string, shortSide: number, decoder: string): TaskEither<CpnasError, CacheIndex> =>
  async () => {
    const prefix = `images-${shortSide}-${decoder}-`
    const entries = new Map<string, CacheEntry>()
    try {
      await makeDirectory(directory)
      accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK)
      for (const file of readdirSync(directory).sort()) {
        if (!file.startsWith(prefix) || !file.endsWith('.index')) continue
        const bytes = readFileSync(join(directory, file))
        for (let at = 0; at + recordBytes <= bytes.length; at += recordBytes) {
          const record = decodeRecord(bytes.subarray(at, at + recordBytes), file.slice(0, -'.index'.length))
          if (record === undefined) continue
          const name = record.key.toString('base64')
          const known = entries.get(name)
          if (known === undefined || record.entry.written >= known.written) entries.set(name, record.entry)
        }
      }
    } catch (error) {
      return E.left(storageFailed(directory, error))
    }
    return E.right({
      directory,
      prefix,
      get: path => entries.get(nameOf(path)),
      add: (path, entry) => entries.set(nameOf(path), entry),
    })
  }
