import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { createServer as createHttp } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import {
  type Handler,
  type Identity,
  type Json,
  parseQueueUrl,
  queueStatus,
  type Read,
  type ServeOptions,
  serve,
  type Task,
  type TaskOutput,
  taskId,
  withGiver,
} from '@cpnas/queue'
import { Queue, Worker } from 'bullmq'
import fc from 'fast-check'
import type * as E from 'fp-ts/lib/Either.js'
import { left, right } from 'fp-ts/lib/Either.js'
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import { freePort, redisProgram, startRedis, type TestRedis } from '../../../test/support/redis.js'
import { directoryBlobs } from '../src/blobs.js'
import { parsePayload, payloadOf } from '../src/task.js'

const identity: Identity = { version: '1.2.3', images: { title: 'Digits', digest: 'd'.repeat(64) } }
const engine = { engine: 'test', rounding: 'r1', threads: 1 }

const rightOf = <A>(result: E.Either<unknown, A>): A => {
  expect(result).toMatchObject({ _tag: 'Right' })
  return (result as { readonly right: A }).right
}

/** Squares a number and reverses its bytes. */
const square: Handler = async ({ data, blobs }) =>
  right({
    data: (data as number) ** 2,
    blobs: Object.fromEntries(Object.entries(blobs).map(([name, bytes]) => [name, Uint8Array.from(bytes).reverse()])),
  })

const taskOf = (number: number): Task => ({
  kind: 'square',
  label: `square of ${number}`,
  data: number,
  blobs: { bytes: Uint8Array.of(number, number + 1) },
})

describe.skipIf(redisProgram === undefined)('a queue', () => {
  let redis: TestRedis
  beforeAll(async () => {
    redis = await startRedis()
  })
  afterAll(() => redis?.stop())

  const begin = (handler: Handler, options: Partial<ServeOptions> = {}, url = redis.url) => {
    const stop = new AbortController()
    let ready = () => {}
    const isReady = new Promise<void>(resolve => {
      ready = resolve
    })
    const finished = serve(
      { address: url },
      {
        ...identity,
        ...engine,
        ready: () => ready(),
        event: () => {},
        note: () => {},
        signal: stop.signal,
        ...options,
      },
      handler,
    )()
    return {
      ready: Promise.race([isReady, finished]),
      finished,
      stop: async () => {
        stop.abort()
        return rightOf(await finished)
      },
    }
  }

  const give = (tasks: readonly Task[], options: object = {}, read: Read<TaskOutput> = right, notes: string[] = []) =>
    withGiver(
      { address: redis.url, ...options },
      { ...identity, label: 'test', note: line => notes.push(line), signal: new AbortController().signal, ...options },
    )(giver => async () => {
      const done = await Promise.all(tasks.map(task => giver.perform(task, read)))
      const failed = done.find(one => one._tag === 'Left')
      if (failed) return failed as E.Left<never>
      for (const task of tasks) await giver.forget(task)
      return right(done.map(one => rightOf(one).value))
    })()

  it('does every task once, whoever takes it', async () => {
    const counts: number[] = []
    const counting: Handler = (task, ...rest) => {
      counts.push(task.data as number)
      return square(task, ...rest)
    }
    const accepted: string[] = []
    const workers = [0, 1].map(() => begin(counting, { accepted: id => accepted.push(id) }))
    await Promise.all(workers.map(({ ready }) => ready))
    const numbers = Array.from({ length: 20 }, (_, i) => i)
    // A task that is asked for twice is done once.
    const outputs = rightOf(await give([...numbers, 7].map(taskOf)))
    expect(outputs).toEqual([...numbers, 7].map(n => ({ data: n * n, blobs: { bytes: Uint8Array.of(n + 1, n) } })))
    expect(counts.toSorted((a, b) => a - b)).toEqual(numbers)
    const done = await Promise.all(workers.map(({ stop }) => stop()))
    expect(accepted.toSorted()).toEqual(numbers.map(n => taskId(taskOf(n))).toSorted())
    expect(done[0]! + done[1]!).toBe(20)
    expect(Math.min(...done)).toBeGreaterThan(0)
  })

  it('leaves nothing behind of what is saved', async () => {
    const worker = begin(square)
    await worker.ready
    rightOf(await give([taskOf(3)]))
    let status = rightOf(await queueStatus(redis.url)())
    while (status.workers[0]?.finished !== 1) status = rightOf(await queueStatus(redis.url)())
    expect(status.queues).toMatchObject([{ waiting: 0, active: 0, finished: 0, failed: 0 }])
    expect(status.workers).toMatchObject([{ finished: 1, failed: 0, task: null, engine: 'test' }])
    await worker.stop()
    expect(rightOf(await queueStatus(redis.url)()).workers).toEqual([])
  })

  it('stops a run when a task has failed three times, with its reason', async () => {
    let count = 0
    const worker = begin(async () => {
      count += 1
      return left({ _tag: 'NonFiniteLoss', where: 'sample 3', problem: 'the loss is not finite', remedy: 'Try less' })
    })
    await worker.ready
    expect(await give([taskOf(5)])).toMatchObject({
      left: {
        _tag: 'QueueFailed',
        where: 'square of 5',
        problem: expect.stringContaining('sample 3: the loss is not finite'),
      },
    })
    expect(count).toBe(3)
    await worker.stop()
    // The next run tries again.
    const other = begin(square)
    await other.ready
    expect(rightOf(await give([taskOf(5)]))).toMatchObject([{ data: 25 }])
    await other.stop()
  })

  it('gives a task out again when its result is no good, three times', async () => {
    const notes: string[] = []
    let count = 0
    const worker = begin(async (...task) => {
      count += 1
      return count < 3 ? right({ data: Number.NaN, blobs: {} }) : square(...task)
    })
    await worker.ready
    let seen = 0
    const read: Read<TaskOutput> = output => {
      seen += 1
      return seen < 3 ? left('has an accuracy that is no number') : right(output)
    }
    expect(rightOf(await give([taskOf(6)], {}, read, notes))).toMatchObject([{ data: 36 }])
    expect(notes).toHaveLength(2)
    expect(await give([taskOf(8)], {}, () => left('is wrong'))).toMatchObject({ left: { _tag: 'QueueFailed' } })
    await worker.stop()
  })

  it('gives back what a stopped worker had', async () => {
    const started: number[] = []
    const slow = begin(async ({ data }, _, signal) => {
      started.push(data as number)
      while (!signal.aborted) await setTimeout(5)
      return left('stopped')
    })
    await slow.ready
    const result = give([taskOf(9), taskOf(10)])
    while (started.length === 0) await setTimeout(10)
    await slow.stop()
    const quick = begin(square)
    await quick.ready
    expect(rightOf(await result)).toMatchObject([{ data: 81 }, { data: 100 }])
    await quick.stop()
  })

  it('keeps what is finished after its run has stopped, for when it comes back, and takes back what nobody has begun', async () => {
    const started: number[] = []
    let finish = () => {}
    const finished = new Promise<void>(resolve => {
      finish = resolve
    })
    const worker = begin(async (...task) => {
      started.push(task[0].data as number)
      await finished
      return square(...task)
    })
    await worker.ready
    const stop = new AbortController()
    const first = give([taskOf(12), taskOf(13)], { signal: stop.signal })
    while (started.length === 0) await setTimeout(10)
    stop.abort()
    expect(await first).toEqual(left('stopped'))
    finish()
    expect(await worker.stop()).toBe(1)
    expect(started).toEqual([12])
    // Nobody works now: the result is there.
    expect(rightOf(await give([taskOf(12)]))).toMatchObject([{ data: 144 }])
  })

  it('does not follow what a result names: no path, no other blob', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'cpnas-blobs-'))
    const precious = join(directory, 'precious')
    writeFileSync(precious, '')
    const task = taskOf(17)
    const queue = new Queue(`${identity.version}-${identity.images.digest.slice(0, 16)}`, {
      connection: { url: redis.url },
      prefix: 'cpnas',
    })
    const forger = new Worker(
      queue.name,
      async () => ({
        output: { label: '', data: 1, blobs: { x: { hash: '../precious', bytes: 0 } } },
        by: { host: 'h', engine: 'e', rounding: 'r', pid: 1, threads: 1 },
        seconds: 1,
      }),
      { connection: { url: redis.url, maxRetriesPerRequest: null }, prefix: 'cpnas' },
    )
    const result = await give([task], { address: redis.url, blobs: directory })
    expect(result).toMatchObject({ left: { problem: expect.stringContaining('names no blobs') } })
    expect(existsSync(precious)).toBe(true)
    await forger.close()
    await queue.close()
    rmSync(directory, { recursive: true })
  })

  it('does no task that is not what its name says, so that the name can be one of a directory', async () => {
    const queue = new Queue(`${identity.version}-${identity.images.digest.slice(0, 16)}`, {
      connection: { url: redis.url },
      prefix: 'cpnas',
    })
    const failures: string[] = []
    const worker = begin(square, { event: event => event.type === 'failed' && failures.push(event.reason) })
    await worker.ready
    const job = await queue.add('square', { label: 'x', data: 2, blobs: {} }, { jobId: '../../elsewhere' })
    while (failures.length === 0) await setTimeout(10)
    expect(failures[0]).toBe('is not what its name says')
    await worker.stop()
    await job.remove()
    await queue.close()
  })

  it('gives nothing out once its signal has come', async () => {
    const stop = new AbortController()
    stop.abort()
    expect(await give([taskOf(18)], { signal: stop.signal })).toEqual(left('stopped'))
  })

  it('stops a run, with the reason, when Redis is full', async () => {
    const small = await startRedis('--maxmemory', '3mb')
    const big: Task = { ...taskOf(15), blobs: { bytes: new Uint8Array(2 ** 22) } }
    expect(await give([big], { address: small.url })).toMatchObject({
      left: {
        _tag: 'QueueFailed',
        where: 'square of 15',
        problem: expect.stringContaining('cannot be given out: OOM'),
      },
    })
    await small.stop()
  })

  it('repeats what a Redis without a disk has lost', async () => {
    const forgetful = await startRedis('--appendonly', 'no')
    const notes: string[] = []
    const started: number[] = []
    const worker = begin(
      async (...task) => {
        started.push(task[0].data as number)
        return square(...task)
      },
      {},
      forgetful.url,
    )
    await worker.ready
    await worker.stop()
    const result = give([taskOf(14)], { address: forgetful.url }, undefined, notes)
    await setTimeout(300)
    await forgetful.restart()
    const other = begin(square, {}, forgetful.url)
    await other.ready
    expect(rightOf(await result)).toMatchObject([{ data: 196 }])
    expect(notes.join()).toMatch(/is gone.*is back/)
    await other.stop()
    await forgetful.stop()
  })
})

describe.skipIf(redisProgram === undefined)('who can work for whom', () => {
  let redis: TestRedis
  beforeAll(async () => {
    redis = await startRedis()
  })
  afterAll(() => redis?.stop())
  const signal = new AbortController().signal

  it.each([
    [{ version: '2.0.0' }, 'is cpnas 2.0.0, not 1.2.3'],
    [{ images: { title: 'Digits', digest: 'e'.repeat(64) } }, 'has other images of Digits'],
    [{ images: { title: 'Letters', digest: 'e'.repeat(64) } }, 'has Letters, not Digits'],
  ])('%j', async (other, reason) => {
    const serving = (stop: AbortSignal, options: object, ready: () => void) =>
      serve(
        { address: redis.url },
        { ...identity, ...engine, ready, event: () => {}, note: () => {}, signal: stop, ...options },
        square,
      )()
    const giving = (use: () => Promise<void>) =>
      withGiver(
        { address: redis.url },
        { ...identity, label: 'search x', note: () => {}, signal },
      )(() => async () => {
        await use()
        return right(undefined)
      })()
    // A worker that no run can use.
    await giving(async () => {
      const refused = await serving(signal, other, () => {})
      expect(refused).toMatchObject({ left: { _tag: 'InvalidOption', problem: expect.stringContaining(reason) } })
      expect(refused).toMatchObject({ left: { problem: expect.stringContaining('search x') } })
    })
    // A run that no worker is right for.
    const stop = new AbortController()
    await new Promise<void>(resolve => void serving(stop.signal, other, resolve))
    expect(await giving(async () => {})).toMatchObject({
      left: { _tag: 'InvalidOption', problem: expect.stringContaining(reason) },
    })
    stop.abort()
  })

  it('where engines have to round alike, others do not work', async () => {
    const stop = new AbortController()
    const serving = (ready: () => void) =>
      serve(
        { address: redis.url },
        { ...identity, ...engine, ready, event: () => {}, note: () => {}, signal: stop.signal },
        square,
      )()
    const giving = (rounding: string, use: () => Promise<void>) =>
      withGiver(
        { address: redis.url },
        { ...identity, label: 'x', rounding, note: () => {}, signal },
      )(() => async () => {
        await use()
        return right(undefined)
      })()
    await giving('r2', async () => {
      expect(await serving(() => {})).toMatchObject({
        left: { problem: expect.stringContaining('rounds differently') },
      })
    })
    await new Promise<void>(resolve => void serving(resolve))
    expect(await giving('r1', async () => {})).toEqual(right(undefined))
    expect(await giving('r2', async () => {})).toMatchObject({
      left: { problem: expect.stringContaining('round differently') },
    })
    stop.abort()
  })
})

describe('an address', () => {
  it('is shown without its password', () => {
    expect(rightOf(parseQueueUrl('rediss://anna:secret@example.org:6380/2'))).toEqual({
      secret: 'rediss://anna:secret@example.org:6380/2',
      shown: 'rediss://example.org:6380/2',
    })
  })

  it.each(['localhost', 'http://localhost', 'redis://', 'redis://host/path'])('%s is none', text => {
    expect(parseQueueUrl(text)).toMatchObject({ left: { _tag: 'InvalidOption', where: 'queue' } })
  })
})

describe('a Redis that cannot be used', () => {
  const refusal = async (address: string): Promise<string> => {
    const result = await queueStatus(address)()
    expect(result).toMatchObject({ left: { _tag: 'InvalidOption', where: 'queue' } })
    return (result as E.Left<{ readonly problem: string }>).left.problem
  }

  it('because there is none', async () => {
    expect(await refusal(`redis://127.0.0.1:${await freePort()}`)).toContain('cannot be reached')
  })

  it('because something else is there', async () => {
    const http = createHttp((_, response) => response.end())
    await new Promise<void>(resolve => http.listen(0, '127.0.0.1', () => resolve()))
    expect(await refusal(`redis://127.0.0.1:${(http.address() as AddressInfo).port}`)).toContain(
      'does not answer like a Redis',
    )
    http.close()
  })

  it.skipIf(redisProgram === undefined)('because of its password, which is never shown', async () => {
    const redis = await startRedis('--requirepass', 'hidden')
    expect(await refusal(redis.url)).toContain('asks for a password')
    const wrong = await refusal(redis.url.replace('//', '//:wrong@'))
    expect(wrong).toContain('does not take this password')
    expect(wrong).not.toContain('wrong@')
    expect(rightOf(await queueStatus(redis.url.replace('//', '//:hidden@'))()).shown).toBe(redis.url)
    await redis.stop()
  })

  it('because it is too old', async () => {
    const old = createServer(socket => {
      const info = '# Server\r\nredis_version:5.0.3\r\n'
      socket.on('data', commands => {
        for (const [, name] of commands.toString().matchAll(/\*\d+\r\n\$\d+\r\n(\w+)/g))
          socket.write(/info/i.test(name!) ? `$${info.length}\r\n${info}\r\n` : '+OK\r\n')
      })
    })
    await new Promise<void>(resolve => old.listen(0, '127.0.0.1', () => resolve()))
    expect(await refusal(`redis://127.0.0.1:${(old.address() as AddressInfo).port}`)).toContain('is Redis 5.0.3')
    old.close()
  })

  it.skipIf(redisProgram === undefined)('says what may be lost', async () => {
    const redis = await startRedis('--appendonly', 'no', '--maxmemory-policy', 'allkeys-lru')
    const { warnings } = rightOf(await queueStatus(redis.url)())
    expect(warnings).toEqual([
      expect.stringContaining('Set appendonly yes'),
      expect.stringContaining('Set maxmemory-policy noeviction'),
    ])
    await redis.stop()
  })
})

describe('blobs in a directory', () => {
  it('come back, and say what is damaged; those of last week go', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'cpnas-blobs-'))
    const store = directoryBlobs(directory)
    const [one, other] = [await store.put(Uint8Array.of(1, 2, 3)), await store.put(Uint8Array.of(4))]
    expect(await store.get(one)).toEqual(Uint8Array.of(1, 2, 3))
    const pathOf = ({ hash }: { readonly hash: string }) => join(directory, hash.slice(0, 2), hash)
    writeFileSync(pathOf(one), Uint8Array.of(1, 2))
    await expect(store.get(one)).rejects.toThrow('is damaged')
    const old = new Date(Date.now() - 8 * 86_400_000)
    utimesSync(pathOf(one), old, old)
    writeFileSync(join(directory, 'not ours'), '')
    await store.sweep()
    await expect(store.get(one)).rejects.toThrow('ENOENT')
    expect(await store.get(other)).toEqual(Uint8Array.of(4))
    expect(existsSync(join(directory, 'not ours'))).toBe(true)
    rmSync(directory, { recursive: true })
  })
})

describe('a payload', () => {
  it.each([
    [null, 'is no task'],
    [{ label: 'a', blobs: {} }, 'is no task'],
    [{ label: 'a', data: 1, blobs: { x: { hash: '../../etc/passwd', bytes: 1 } } }, 'names no blobs'],
    [{ label: 'a', data: 1, blobs: { x: { hash: 'a'.repeat(64), bytes: 2 ** 40 } } }, 'names no blobs'],
    [{ label: 'a', data: 'x'.repeat(2 ** 24), blobs: {} }, 'characters of data'],
  ])('%#', (value, problem) => {
    expect(parsePayload(value)).toMatchObject({ left: expect.stringContaining(problem) })
  })

  it('is the same for the same inputs, whatever its label', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.uint8Array(), fc.string(), (data, bytes, label) => {
        const task: Task = { kind: 'k', label: 'l', data: data as Json, blobs: { bytes } }
        expect(taskId({ ...task, label, blobs: { bytes: Uint8Array.from(bytes) } })).toBe(taskId(task))
        expect(taskId({ ...task, kind: 'other' })).not.toBe(taskId(task))
        expect(taskId({ ...task, blobs: { bytes: Uint8Array.of(...bytes, 0) } })).not.toBe(taskId(task))
        expect(parsePayload(JSON.parse(JSON.stringify(payloadOf(label, task))))).toMatchObject({ right: { label } })
      }),
    )
  })
})

test.skipIf(redisProgram === undefined)('the example of the README prints what it says', async () => {
  const redis = await startRedis()
  const root = join(import.meta.dirname, '..')
  const [, example] = /```js\n([\s\S]*?)```/.exec(readFileSync(join(root, 'README.md'), 'utf8'))!
  const out = await new Promise<string>((resolve, reject) =>
    execFile(
      process.execPath,
      ['--input-type=module', '--eval', example!],
      { cwd: root, env: { ...process.env, REDIS: redis.url } },
      (error, stdout) => (error ? reject(error) : resolve(stdout)),
    ),
  )
  expect(out).toBe(`${/\/\/ prints (.*)/.exec(example!)![1]}\n`)
  await redis.stop()
})
