import { randomBytes } from 'node:crypto'
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type TaskEither, tryCatch } from 'fp-ts/lib/TaskEither.js'
import { type CpnasError, cpnasError } from './errors.js'

const remedies: Readonly<Record<string, string>> = {
  ENOSPC: 'Free space on that disk or choose another directory',
  EDQUOT: 'Free space within your quota or choose another directory',
  EFBIG: 'Raise the limit on file sizes or choose another directory',
  EACCES: 'Make the directory writable for you or choose another one',
  EPERM: 'Make the directory writable for you or choose another one',
  EROFS: 'Choose a directory on a writable disk',
  ENOTDIR: 'Choose another path: a part of this one is a file',
  EISDIR: 'Choose another path: this one is a directory',
}

/** StorageFailed for an error of the file system; `path` is what it happened to. */
export const storageFailed = (path: string, error: unknown): CpnasError => {
  const { code = '', message = String(error) } = error as NodeJS.ErrnoException
  return cpnasError(
    'StorageFailed',
    path,
    `cannot be written (${message})`,
    remedies[code] ?? 'Choose another directory',
  )
}

/** Whether a path leads to a directory. */
export const isDirectory = (path: string): Promise<boolean> =>
  stat(path).then(
    found => found.isDirectory(),
    () => false,
  )

const makeOne = async (path: string): Promise<void> => {
  try {
    await mkdir(path)
  } catch (error) {
    if (!(await isDirectory(path))) throw error
  }
}

/**
 * Makes a directory and its missing parents. Node's recursive mkdir is not used because it never returns where the system answers ENOENT
 * although the parent exists, as Linux does in /proc.
 */
export const makeDirectory = async (path: string): Promise<void> => {
  try {
    await makeOne(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(path) === path) throw error
    await makeDirectory(dirname(path))
    await makeOne(path)
  }
}

/** Makes renames in a directory survive a power cut, where the system has such a call. */
const syncDirectory = async (path: string): Promise<void> => {
  if (process.platform === 'win32') return
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

/** Removes temporary files that killed writers left in a directory; must not be called while another process may write there. */
export const removeTemporary = async (directory: string): Promise<void> => {
  const left = (await readdir(directory)).filter(file => /\.[0-9a-f]{12}\.tmp$/.test(file))
  await Promise.all(left.map(file => rm(join(directory, file), { force: true })))
}

const write = async (path: string, data: string | Uint8Array): Promise<void> => {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`
  await makeDirectory(dirname(path))
  try {
    const file = await open(temporary, 'w')
    try {
      await file.writeFile(data)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  await syncDirectory(dirname(path))
}

/**
 * Writes a file atomically: to a temporary file beside `path`, flushed to the disk, then renamed. Makes missing directories. StorageFailed
 * says why it could not; an existing file is then unchanged.
 */
export const writeFileAtomic = (path: string, data: string | Uint8Array): TaskEither<CpnasError, void> =>
  tryCatch(
    () => write(path, data),
    error => storageFailed(path, error),
  )
