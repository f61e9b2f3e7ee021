import { closeSync, existsSync, fstatSync, openSync, read, readSync, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type CpnasError, cpnasError } from '@cpnas/core'
import * as E from 'fp-ts/lib/Either.js'
import type * as TE from 'fp-ts/lib/TaskEither.js'
import { type ByteSource, DatasetReadError } from './dataset.js'

/** The error for a data file that is not what it should be. */
export const badFile = (path: string, problem: string, remedy: string): CpnasError =>
  cpnasError('InvalidData', path, problem, remedy)

export const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : String(error)

const unreadable = (path: string, error: unknown): CpnasError => {
  const code = codeOf(error)
  if (code === 'ENOENT') return badFile(path, 'no such file', 'Give the directory that holds the data set')
  if (code === 'EACCES' || code === 'EPERM')
    return badFile(path, `permission to read it is denied (${code})`, 'Change its permissions')
  if (code === 'EMFILE' || code === 'ENFILE')
    return badFile(path, `cannot be opened: too many files are open (${code})`, 'Raise the limit (ulimit -n)')
  return badFile(path, `cannot be read (${code})`, 'Check the file and the disk it is on')
}

/** What unpacks an archive of this name; undefined if it is none. */
export const unpackCommand = (path: string): string | undefined => {
  const name = path.toLowerCase()
  if (name.endsWith('.zip')) return `unzip ${path}`
  return /\.(tar|tgz|tbz2?|txz)(\.(gz|bz2|xz|zst))?$/.test(name) || /\.tar\.\w+$/.test(name)
    ? `tar -xf ${path}`
    : undefined
}

/** Left if `dir` is not a directory that can be searched. */
export const checkDirectory = (dir: string): E.Either<CpnasError, string> => {
  try {
    if (statSync(dir).isDirectory()) return E.right(dir)
    const command = unpackCommand(dir)
    return E.left(
      command === undefined
        ? badFile(dir, 'is not a directory', 'Give the directory that holds the data files')
        : badFile(dir, 'is an archive', `Unpack it (${command}) and give the directory that comes out`),
    )
  } catch (error) {
    return codeOf(error) === 'ENOENT'
      ? E.left(badFile(dir, 'no such directory', 'Give the directory that holds the data files'))
      : E.left(unreadable(dir, error))
  }
}

export const exists = (dir: string, file: string): boolean => existsSync(join(dir, file))

/** Whether it is a regular file, or a link to one. */
export const isFile = (dir: string, file: string): boolean => {
  try {
    return statSync(join(dir, file)).isFile()
  } catch {
    return false
  }
}

/** An open file of known size. */
export interface FileSource extends ByteSource {
  readonly path: string
  /** Bytes. */
  readonly size: number
  /** As `read`, without blocking. */
  readAsync(position: number, into: Uint8Array, length: number): TE.TaskEither<CpnasError, void>
}

const readAsync = promisify(read)

const shortened = (path: string): CpnasError =>
  badFile(path, 'ended early: it was cut while it was in use', 'Leave data files alone during a run')

const special = (path: string): CpnasError =>
  badFile(path, 'is not a regular file', 'Give the directory that holds the data set')

/** Opens a regular file for positional reads. Its type is checked first, because opening a pipe would wait for its writer. */
export const openFile = (path: string): E.Either<CpnasError, FileSource> => {
  try {
    if (!statSync(path).isFile()) return E.left(special(path))
    const fd = openSync(path, 'r')
    const stat = fstatSync(fd)
    let open = true
    const source: FileSource = {
      path,
      size: stat.size,
      read: (position, into, offset, length) => {
        let done = 0
        while (done < length) {
          let n: number
          try {
            n = readSync(fd, into, offset + done, length - done, position + done)
          } catch (error) {
            throw new DatasetReadError(unreadable(path, error))
          }
          if (n === 0) throw new DatasetReadError(shortened(path))
          done += n
        }
      },
      readAsync: (position, into, length) => async () => {
        try {
          for (let done = 0; done < length; ) {
            const { bytesRead } = await readAsync(fd, into, done, length - done, position + done)
            if (bytesRead === 0) return E.left(shortened(path))
            done += bytesRead
          }
          return E.right(undefined)
        } catch (error) {
          return E.left(unreadable(path, error))
        }
      },
      close: () => {
        if (open) closeSync(fd)
        open = false
      },
    }
    return E.right(source)
  } catch (error) {
    return E.left(unreadable(path, error))
  }
}

/** The content of a regular file. */
export const readWhole =
  (path: string): TE.TaskEither<CpnasError, Uint8Array> =>
  async () => {
    try {
      return statSync(path).isFile() ? E.right(await readFile(path)) : E.left(special(path))
    } catch (error) {
      return E.left(unreadable(path, error))
    }
  }

/** Opens one after the other; when one fails, closes those before it. */
export const openAll =
  <A extends { close(): void }>(open: (path: string) => TE.TaskEither<CpnasError, A>) =>
  (paths: readonly string[]): TE.TaskEither<CpnasError, readonly A[]> =>
  async () => {
    const opened: A[] = []
    for (const path of paths) {
      const result = await open(path)()
      if (E.isLeft(result)) {
        for (const one of opened) one.close()
        return result
      }
      opened.push(result.right)
    }
    return E.right(opened)
  }
