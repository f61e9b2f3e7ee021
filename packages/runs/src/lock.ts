import { createHash, randomUUID } from 'node:crypto'
import { open, rm, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type CpnasError, cpnasError } from '@cpnas/core'
import { makeDirectory, removeTemporary, storageFailed } from '@cpnas/core/files'
import * as E from 'fp-ts/lib/Either.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { beat, period } from './heartbeat.js'
import { isSameProcess, type ProcessIdentity, thisProcess } from './process-identity.js'

// Not `proper-lockfile`: its heartbeat stands still while the main thread computes, so a long step would lose the lock.

/** The holder of a lock, as its file records it. */
interface Holder extends ProcessIdentity {
  /** Of this lock: no two are alike. */
  readonly id: string
  readonly host: string
}

/** A lock file as it was seen. */
interface Seen {
  /** Undefined if its content cannot be understood: a lock that is just being written, or another program's. */
  readonly holder: Holder | undefined
  readonly mtimeMs: number
}

/** How long the lock of a process that cannot be checked from here (another machine or container) stays valid without a heartbeat. */
const patience = 10 * period

/** Milliseconds before checking again a lock that another process is removing. */
const claimPause = 5

const pathOf = (directory: string): string => join(directory, 'run.lock')

const parse = (text: string): Holder | undefined => {
  try {
    const { id, host, pid, place, started } = JSON.parse(text) as Partial<Record<string, unknown>>
    return typeof id === 'string' && typeof host === 'string' && typeof pid === 'number'
      ? {
          id,
          host,
          pid,
          place: typeof place === 'string' ? place : undefined,
          started: typeof started === 'string' ? started : undefined,
        }
      : undefined
  } catch {
    return undefined
  }
}

/** Undefined if there is no lock. The file is opened, which makes network file systems ask their server. */
const look = async (path: string): Promise<Seen | undefined> => {
  try {
    const file = await open(path, 'r')
    try {
      return { holder: parse(await file.readFile('utf8')), mtimeMs: (await file.stat()).mtimeMs }
    } finally {
      await file.close()
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** `undefined` if the process cannot be checked from here. */
const isAlive = ({ holder }: Seen): boolean | undefined => (holder === undefined ? undefined : isSameProcess(holder))

const holderText = ({ holder }: Seen): string =>
  holder === undefined
    ? 'another program'
    : `process ${holder.pid}${holder.host === hostname() ? '' : ` on ${holder.host}`}`

/** The process that is writing a run's directory now, in words; undefined if none is. Does not wait for a heartbeat. */
export const writerOf = async (directory: string): Promise<string | undefined> => {
  const seen = await look(pathOf(directory)).catch(() => undefined)
  if (seen === undefined) return undefined
  const alive = isAlive(seen) ?? Date.now() - seen.mtimeMs < patience
  return alive ? holderText(seen) : undefined
}

/** Whether a lock is still the one that was seen, without a new heartbeat. */
const isUnchanged = (now: Seen | undefined, { holder, mtimeMs }: Seen): boolean =>
  now !== undefined && now.mtimeMs === mtimeMs && now.holder?.id === holder?.id

/** Waits for the next heartbeat of a holder; false if there was none for `patience`. */
const shows = async (path: string, seen: Seen): Promise<boolean> => {
  for (let waited = 0; waited < patience; waited += period / 4) {
    await sleep(period / 4)
    if (!isUnchanged(await look(path), seen)) return true
  }
  return false
}

/** The file with which a process claims the right to remove this lock; `removeTemporary` removes it if the process dies. */
const claimOf = (path: string, { holder, mtimeMs }: Seen): string =>
  `${path}.${createHash('sha256')
    .update(holder?.id ?? String(mtimeMs))
    .digest('hex')
    .slice(0, 12)}.tmp`

/**
 * Removes the lock of a dead holder, unless another process does. Only who has claimed a lock removes it, and only if it is still there; so
 * a lock that was made meanwhile stays. The claim of a process that died is removed likewise.
 */
const takeAway = async (path: string, dead: Seen, claimer: Holder): Promise<void> => {
  const claim = claimOf(path, dead)
  try {
    await writeFile(claim, JSON.stringify(claimer), { flag: 'wx' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    const other = await look(claim)
    if (other === undefined) return
    const alive = isAlive(other) ?? Date.now() - other.mtimeMs < patience
    if (alive) await sleep(claimPause)
    else await takeAway(claim, other, claimer)
    return
  }
  try {
    const now = await look(path)
    if (now !== undefined && now.holder?.id === dead.holder?.id) await rm(path, { force: true })
  } finally {
    await rm(claim, { force: true })
  }
}

/** A lock that this process holds. */
export interface Lock {
  /** OutputInUse if another process has taken it over, as it may when this one was stopped or cut off for long. */
  readonly check: TE.TaskEither<CpnasError, void>
}

interface Held extends Lock {
  readonly release: () => Promise<void>
}

const inUse = (directory: string, who: string, remedy: string): CpnasError =>
  cpnasError('OutputInUse', directory, `is being written by ${who}`, remedy)

const hold = (directory: string, id: string): Held => {
  const path = pathOf(directory)
  const stop = beat(path)
  const isOurs = async (): Promise<boolean> => (await look(path))?.holder?.id === id
  return {
    check: async () => {
      try {
        return (await isOurs())
          ? E.right(undefined)
          : E.left(
              inUse(
                directory,
                (await writerOf(directory)) ?? 'another process',
                'This process was cut off for so long that its lock was taken over; it writes no more',
              ),
            )
      } catch (error) {
        return E.left(storageFailed(path, error))
      }
    },
    release: async () => {
      await stop()
      if (await isOurs()) await rm(path, { force: true })
    },
  }
}

/** @param tell Called with the reason if it takes a while. */
const acquire = async (directory: string, tell: (line: string) => void): Promise<E.Either<CpnasError, Held>> => {
  const path = pathOf(directory)
  const holder: Holder = { id: randomUUID(), host: hostname(), ...thisProcess() }
  try {
    await makeDirectory(directory)
    for (;;) {
      try {
        await writeFile(path, JSON.stringify(holder), { flag: 'wx' })
        await removeTemporary(directory)
        return E.right(hold(directory, holder.id))
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      }
      const seen = await look(path)
      if (seen === undefined) continue
      const alive = isAlive(seen)
      if (alive === undefined)
        tell(`${directory} was locked by ${holderText(seen)}: waiting up to ${patience / 1000} s for a sign of life`)
      if (alive ?? (await shows(path, seen))) {
        if ((await look(path)) === undefined) continue
        return E.left(inUse(directory, holderText(seen), 'Wait for it or stop it'))
      }
      await takeAway(path, seen, holder)
    }
  } catch (error) {
    return E.left(storageFailed(path, error))
  }
}

/**
 * Runs something while no other process writes into a directory, which is made if needed. The lock of a process of this machine that was
 * killed is taken over at once; that of another machine or container after 20 seconds without a heartbeat. OutputInUse: another process
 * works on it. StorageFailed: the directory cannot be written.
 */
export const withLock =
  (directory: string, tell: (line: string) => void) =>
  <A>(use: (lock: Lock) => TE.TaskEither<CpnasError, A>): TE.TaskEither<CpnasError, A> =>
    TE.bracket(
      () => acquire(directory, tell),
      use,
      ({ release }) => TE.tryCatch(release, error => storageFailed(pathOf(directory), error)),
    )
