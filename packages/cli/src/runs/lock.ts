import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type CpnasError, cpnasError } from '@cpnas/backends'
import { storageFailed } from '@cpnas/training'
import * as E from 'fp-ts/lib/Either.js'
import * as TE from 'fp-ts/lib/TaskEither.js'

const pathOf = (directory: string): string => join(directory, 'run.lock')

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** The process that holds the lock of a directory; undefined if it is gone: killed, or its lock never written. */
const holder = async (path: string): Promise<number | undefined> => {
  const pid = Number(await readFile(path, 'utf8').catch(() => ''))
  return Number.isSafeInteger(pid) && pid > 0 && pid !== process.pid && isAlive(pid) ? pid : undefined
}

/** The process that is writing a run's directory now; undefined if none is. */
export const writerOf = (directory: string): Promise<number | undefined> => holder(pathOf(directory))

const acquire = async (directory: string): Promise<E.Either<CpnasError, void>> => {
  const path = pathOf(directory)
  try {
    await mkdir(directory, { recursive: true })
    await writeFile(path, String(process.pid), { flag: 'wx' })
    return E.right(undefined)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return E.left(storageFailed(path, error))
  }
  const pid = await holder(path)
  if (pid !== undefined)
    return E.left(
      cpnasError(
        'OutputInUse',
        directory,
        `is being written by process ${pid}`,
        `Wait for it or stop it; if it is no cpnas, remove ${path}`,
      ),
    )
  await rm(path, { force: true })
  return acquire(directory)
}

/**
 * Runs something while no other process writes into a directory, which is made if needed. The lock of a process that was
 * killed is taken over. OutputInUse: another process is at it. StorageFailed: the directory cannot be written.
 */
export const withLock =
  (directory: string) =>
  <A>(use: () => TE.TaskEither<CpnasError, A>): TE.TaskEither<CpnasError, A> =>
    TE.bracket(
      () => acquire(directory),
      use,
      () =>
        TE.tryCatch(
          () => rm(pathOf(directory), { force: true }),
          error => storageFailed(pathOf(directory), error),
        ),
    )
