import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { rename, rm, stat } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { type CpnasError, cpnasError } from '@cpnas/core'
import { makeDirectory as makeAll } from '@cpnas/core/files'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { codeOf } from '../files.js'

/** The file system's error as text. */
export const storageError =
  (path: string) =>
  (error: unknown): CpnasError => {
    const code = codeOf(error)
    switch (code) {
      case 'ENOSPC':
      case 'EDQUOT':
        return cpnasError(
          'StorageFailed',
          path,
          `the disk is full (${code})`,
          'Free some space and run it again: it goes on where it stopped',
        )
      case 'EACCES':
      case 'EPERM':
      case 'EROFS':
        return cpnasError('StorageFailed', path, `cannot be written (${code})`, 'Choose a directory you may write to')
      case 'ENOTDIR':
      case 'EEXIST':
        return cpnasError(
          'StorageFailed',
          path,
          `a file stands where a directory is needed (${code})`,
          'Choose another directory',
        )
      default:
        return cpnasError(
          'StorageFailed',
          path,
          `cannot be written (${code})`,
          'Check the disk, or choose another directory',
        )
    }
  }

const onDisk = <A>(path: string, action: () => Promise<A>): TE.TaskEither<CpnasError, A> =>
  TE.tryCatch(action, storageError(path))

export const makeDirectory = (dir: string): TE.TaskEither<CpnasError, void> => onDisk(dir, () => makeAll(dir))

export const moveFile = (from: string, to: string): TE.TaskEither<CpnasError, void> =>
  onDisk(to, () => rename(from, to))

/** A file or a directory with all that is in it; nothing happens if there is none. */
export const remove = (path: string): TE.TaskEither<CpnasError, void> =>
  onDisk(path, () => rm(path, { recursive: true, force: true }))

/** Bytes of a file, undefined if there is none. */
export const sizeOfFile = (path: string): TE.TaskEither<CpnasError, number | undefined> =>
  onDisk(path, async () => (await stat(path).catch(ignoreMissing))?.size)

/** Hexadecimal, undefined if there is no such file. */
export const md5OfFile = (path: string): TE.TaskEither<CpnasError, string | undefined> =>
  onDisk(path, async () => {
    if ((await stat(path).catch(ignoreMissing)) === undefined) return undefined
    const hash = createHash('md5')
    await pipeline(createReadStream(path), hash)
    return hash.digest('hex')
  })

const ignoreMissing = (error: unknown): undefined => {
  if (codeOf(error) !== 'ENOENT') throw error
}
