import * as workerThreads from 'node:worker_threads'
import { createPool, createRunner } from '@cpnas/packed'
import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { cases } from '../support/programs.js'

afterEach(() => {
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})

const [model, images] = fc.sample(cases(5), { numRuns: 1, seed: 3 })[0]!
const size = images.length / 5

/** Node's threads, but running another script: one that fails when it is sent the message with this number. */
const failingAt = (message: number): void => {
  const script = `let seen = 0
    const { parentPort } = require('node:worker_threads')
    parentPort.on('message', () => {
      if (seen++ === ${message}) throw new Error('out of luck')
      parentPort.postMessage('ready')
    })`
  const { getBuiltinModule } = process
  vi.spyOn(process, 'getBuiltinModule').mockImplementation((name: string) =>
    name === 'node:worker_threads'
      ? {
          ...workerThreads,
          Worker: class extends workerThreads.Worker {
            constructor() {
              super(script, { eval: true })
            }
          },
        }
      : getBuiltinModule(name),
  )
}

test('batches on any number of threads, several on their way, have the scores of a runner, bit for bit', async () => {
  await fc.assert(
    fc.asyncProperty(cases(5), fc.integer({ min: 1, max: 3 }), async ([model, images], threads) => {
      const size = images.length / 5
      const runner = await createRunner(model, { loop: 'lookup' })
      const pool = await createPool(model, { loop: 'lookup', threads })
      const parts = [images, images.subarray(size), images.subarray(0, 2 * size), images.subarray(0, 0)]
      const found = await Promise.all(parts.map(part => pool.scores(part, part.length / size)))
      pool.close()
      expect(pool.threads).toBe(threads)
      expect(found).toEqual(parts.map(part => runner.scores(part, part.length / size)))
    }),
    { numRuns: 20 },
  )
})

test('images in shared memory are read where they are', async () => {
  const pool = await createPool(model, { threads: 2 })
  const expected = (await createRunner(model)).scores(images, 5)
  const memory = new Float32Array(new SharedArrayBuffer(images.byteLength))
  memory.set(images)
  expect(await pool.scores(memory, 5)).toEqual(expected)
  expect(await pool.scores(images.subarray(0, size))).toEqual(expected.slice(0, expected.length / 5))
  pool.close()
})

test('has as many threads as there are cores, and the choice of a runner', async () => {
  const { availableParallelism } = await import('node:os')
  const pool = await createPool(model)
  expect(pool.threads).toBe(availableParallelism())
  expect(pool.choice.measured).toMatchObject({ lookup: expect.any(Number), popcount: expect.any(Number) })
  pool.close()
})

test('without shared memory, and without threads, it computes on the calling thread', async () => {
  const expected = (await createRunner(model)).scores(images, 5)
  vi.stubGlobal('SharedArrayBuffer', undefined)
  const unshared = await createPool(model, { threads: 2 })
  vi.unstubAllGlobals()
  vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined as never)
  const threadless = await createPool(model, { threads: 2 })
  for (const pool of [unshared, threadless]) {
    expect(pool.threads).toBe(1)
    expect(await pool.scores(images, 5)).toEqual(expected)
    pool.close()
  }
})

describe('refuses', () => {
  test.each([0, -1, 1.5, Number.NaN])('%d threads', async threads => {
    await expect(createPool(model, { threads })).rejects.toThrow(`threads must be an integer from 1 on, got ${threads}`)
  })

  test('a program that is none, before any thread is started', async () => {
    const start = vi.spyOn(process, 'getBuiltinModule')
    const program = { ...model.program, steps: [] }
    await expect(createPool({ ...model, program }, { threads: 2 })).rejects.toThrow('createPool: program')
    expect(start).not.toHaveBeenCalledWith('node:worker_threads')
  })

  test.each([1, 2])('images of another size, with %d threads', async threads => {
    const pool = await createPool(model, { threads })
    await expect(pool.scores(images, 4)).rejects.toThrow(RangeError)
    expect(await pool.scores(images, 5)).toHaveLength(5 * model.metadata.classes.length)
    pool.close()
  })
})

test('once closed, it rejects what is on its way and what comes later', async () => {
  const pool = await createPool(model, { threads: 2 })
  const onItsWay = expect(pool.scores(images, 5)).rejects.toThrow('the pool is closed')
  pool.close()
  await onItsWay
  await expect(pool.scores(images, 5)).rejects.toThrow('the pool is closed')
})

test('a thread that cannot start is an error', async () => {
  failingAt(0)
  await expect(createPool(model, { threads: 2 })).rejects.toThrow('out of luck')
})

test('a thread that fails later rejects what is on its way and what comes later', async () => {
  failingAt(1)
  const pool = await createPool(model, { threads: 2 })
  await expect(pool.scores(images, 5)).rejects.toThrow('out of luck')
  await expect(pool.scores(images, 5)).rejects.toThrow('out of luck')
})
