import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isSameProcess, type Lock, thisProcess, withLock, writerOf } from '@cpnas/runs'
import { left, right } from 'fp-ts/lib/Either.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

let directory = ''
let children: ChildProcess[] = []
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'cpnas-lock-'))
  children = []
})
afterEach(() => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(directory, { recursive: true, force: true })
})

const file = () => join(directory, 'run.lock')
const told: string[] = []
const lock = <A>(use: (lock: Lock) => Promise<A>) =>
  withLock(directory, line => told.push(line))(lock => TE.fromTask(() => use(lock)))()

const idle = (): ChildProcess => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
  children.push(child)
  return child
}
const writeLock = (holder: object) =>
  writeFileSync(file(), JSON.stringify({ id: 'other', host: hostname(), ...holder }))
const elsewhere = { host: 'another-machine', pid: 1, place: 'another boot pid:[1]', started: '5' }

describe('withLock', () => {
  it('keeps others out while it is used, and leaves nothing behind', async () => {
    const result = await lock(async () => {
      expect(await writerOf(directory)).toBe(`process ${process.pid}`)
      return lock(async () => 'inside')
    })
    expect(result).toMatchObject(
      right({ left: { _tag: 'OutputInUse', problem: `is being written by process ${process.pid}` } }),
    )
    expect(readdirSync(directory)).toEqual([])
    expect(await writerOf(directory)).toBeUndefined()
  })

  it('takes over at once what a killed process of this machine left, whatever has its number now', async () => {
    const child = idle()
    writeLock({ ...thisProcess(), pid: child.pid, started: undefined })
    expect(await lock(async () => 'in')).toMatchObject(left({ _tag: 'OutputInUse' }))
    child.kill('SIGKILL')
    await new Promise(resolve => child.once('exit', resolve))
    expect(await lock(async () => 'in')).toEqual(right('in'))
    // The number is in use again, by a process that started at another time.
    writeLock({ ...thisProcess(), started: '1' })
    expect(await lock(async () => 'in')).toEqual(right('in'))
  })

  it('refuses while a process elsewhere gives signs of life, and takes over when it does not', async () => {
    writeLock(elsewhere)
    const beating = setInterval(() => utimesSync(file(), new Date(), new Date()), 200)
    told.length = 0
    expect(await lock(async () => 'in')).toMatchObject(
      left({ problem: 'is being written by process 1 on another-machine' }),
    )
    expect(told[0]).toMatch(/was locked by process 1 on another-machine: waiting up to 20 s for a sign of life$/)
    clearInterval(beating)
    expect(await writerOf(directory)).toBe('process 1 on another-machine')
    utimesSync(file(), new Date(0), new Date(0))
    expect(await writerOf(directory)).toBeUndefined()
    // A lock that cannot be read counts as one from elsewhere.
    writeFileSync(file(), '')
    utimesSync(file(), new Date(0), new Date(0))
    expect(await lock(async () => 'in')).toEqual(right('in'))
  })

  it('gives signs of life though the main thread is busy', async () => {
    await lock(async () => {
      await sleep(500)
      utimesSync(file(), new Date(0), new Date(0))
      const until = Date.now() + 3000
      while (Date.now() < until);
      const { mtimeMs } = await import('node:fs').then(fs => fs.statSync(file()))
      expect(mtimeMs).toBeGreaterThan(Date.now() - 10_000)
    })
  })

  it('tells when it was taken over, and does not remove the other one', async () => {
    await lock(async ({ check }) => {
      expect(await check()).toEqual(right(undefined))
      writeLock(elsewhere)
      expect(await check()).toMatchObject(left({ _tag: 'OutputInUse', remedy: expect.stringContaining('taken over') }))
    })
    expect(JSON.parse(readFileSync(file(), 'utf8'))).toMatchObject(elsewhere)
  })

  it('is had by one of many that take it from a dead process at the same time', async () => {
    for (let round = 0; round < 20; round++) {
      writeLock({ ...thisProcess(), id: `dead ${round}`, started: '1' })
      let inside = 0
      const most: number[] = []
      const results = await Promise.all(
        Array.from({ length: 12 }, () =>
          lock(async () => {
            most.push(++inside)
            await sleep(5)
            inside--
          }),
        ),
      )
      expect(Math.max(...most)).toBe(1)
      expect(results.filter(({ _tag }) => _tag === 'Right').length).toBeGreaterThanOrEqual(1)
      expect(readdirSync(directory)).toEqual([])
    }
  })

  it('is taken from a dead process though the one that took it died of it, too', async () => {
    const dead = { ...thisProcess(), started: '1' }
    writeLock({ ...dead, id: 'first' })
    const claim = createHash('sha256').update('first').digest('hex').slice(0, 12)
    writeFileSync(`${file()}.${claim}.tmp`, JSON.stringify({ id: 'second', host: hostname(), ...dead }))
    expect(await lock(async () => 'taken')).toEqual(right('taken'))
    expect(readdirSync(directory)).toEqual([])
  })

  it('removes what killed writers left', async () => {
    writeFileSync(join(directory, 'config.json.0123456789ab.tmp'), 'half')
    writeFileSync(join(directory, 'notes.tmp'), 'mine')
    await lock(async () => expect(readdirSync(directory).sort()).toEqual(['notes.tmp', 'run.lock']))
  })
})

describe('isSameProcess', () => {
  it('knows this process, and not one of another place', () => {
    expect(isSameProcess(thisProcess())).toBe(true)
    expect(isSameProcess({ ...thisProcess(), place: 'elsewhere' })).toBeUndefined()
    expect(isSameProcess({ ...thisProcess(), place: undefined })).toBeUndefined()
  })

  it.skipIf(process.platform !== 'linux')(
    'does not take a process for running that has ended and was not reaped',
    async () => {
      // The shell becomes a program that never asks about its child.
      const parent = spawn('sh', ['-c', 'sleep 0.2 & echo $!; exec sleep 30'])
      children.push(parent)
      const pid = Number(await new Promise(resolve => parent.stdout.once('data', resolve)))
      const fields = (): readonly string[] => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
      const child = { ...thisProcess(), pid, started: fields()[19] }
      expect(isSameProcess(child)).toBe(true)
      while (fields()[0] !== 'Z') await sleep(10)
      expect(isSameProcess(child)).toBe(false)
    },
  )
})
