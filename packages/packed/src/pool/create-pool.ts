import { verified } from '../check.js'
import { demand } from '../errors.js'
import type { PackedModel } from '../program.js'
import { type Choice, chooseKernels, type RunnerOptions } from '../runtime/choose-kernels.js'
import { acceptImages, runnerOf } from '../runtime/runner.js'
import type { Job, Start } from './job.js'
import { coreCount, type Thread, threadsHere } from './thread.js'

/** How a model is run by several threads. */
export interface PoolOptions extends RunnerOptions {
  /** Threads, 1 or more; one where there is no shared memory. Default: the cores of the machine. */
  readonly threads?: number
}

/** A packed model, ready to run batches on several threads. */
export interface Pool {
  readonly choice: Choice
  /** 1: everything is computed on the calling thread. Else on these many others. */
  readonly threads: number
  /**
   * Scores [count, classes] of normalized images [count, height, width, channels]: those of `Runner.scores`, bit for bit. Images are
   * taken by whichever thread is free; several calls may be on their way. Images in shared memory are read where they are. Rejects
   * with a RangeError for another number of values, and once the pool is closed or one of its threads has failed. Default of
   * `count`: 1.
   */
  readonly scores: (images: Float32Array, count?: number) => Promise<Float32Array>
  /** Ends the threads; what is not finished is rejected. */
  readonly close: () => void
}

interface Pending {
  readonly job: Job
  left: number
  readonly resolve: (scores: Float32Array) => void
  readonly reject: (error: Error) => void
}

const sharedFloats = (length: number) =>
  new Float32Array(new SharedArrayBuffer(Float32Array.BYTES_PER_ELEMENT * length))

const isShared = (images: Float32Array): images is Float32Array<SharedArrayBuffer> =>
  images.buffer instanceof SharedArrayBuffer

const shared = (images: Float32Array): Float32Array<SharedArrayBuffer> => {
  if (isShared(images)) return images
  const copy = sharedFloats(images.length)
  copy.set(images)
  return copy
}

/**
 * Runs batches of images on threads of their own, each with a runner of its own: `node:worker_threads` in Node, workers in pages, which
 * take a page that is cross-origin isolated. Where there is no shared memory, or one thread is asked for, it is a runner on the calling
 * thread. Idle threads do not keep Node from ending. Rejects like `createRunner`, with a RangeError for a number of threads that is
 * none, and where a thread cannot be started.
 */
export const createPool = async (
  { program }: PackedModel,
  { threads = coreCount(), ...options }: PoolOptions = {},
): Promise<Pool> => {
  if (!Number.isInteger(threads) || threads < 1)
    throw new RangeError(`createPool: threads must be an integer from 1 on, got ${threads}`)
  const shapes = demand('createPool', () => verified(program))
  const classes = shapes.at(-1)!.channels
  const kernels = await chooseKernels(options)
  const { choice } = kernels
  const spawn = threadsHere()
  if (threads === 1 || spawn === undefined) {
    const runner = runnerOf(kernels, { program, shapes })
    return { choice, threads: 1, scores: async (images, count) => runner.scores(images, count), close: () => {} }
  }

  const pending = new Map<number, Pending>()
  const team: Thread[] = []
  const hold = (held: boolean): void => {
    for (const thread of team) thread.hold(held)
  }
  let failure: Error | undefined
  const fail = (error: Error): void => {
    if (failure !== undefined) return
    failure = error
    for (const thread of team) thread.end()
    for (const { reject } of pending.values()) reject(error)
    pending.clear()
  }
  const finish = (id: number): void => {
    const found = pending.get(id)
    if (found === undefined || --found.left > 0) return
    pending.delete(id)
    if (pending.size === 0) hold(false)
    found.resolve(Float32Array.from(found.job.scores))
  }
  const begin: Start = { ...kernels, program, shapes }
  const start = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const thread = spawn({
        onAnswer: answer => (answer === 'ready' ? resolve() : finish(answer.done)),
        onFailure: error => {
          reject(error)
          fail(error)
        },
      })
      team.push(thread)
      thread.post(begin)
    })
  await Promise.all(Array.from({ length: threads }, start))
  hold(false)

  let jobs = 0
  return {
    choice,
    threads,
    scores: async (images, count = 1) => {
      acceptImages(program, images, count)
      if (failure !== undefined) throw failure
      const job: Job = {
        id: jobs++,
        images: shared(images),
        scores: sharedFloats(count * classes),
        count,
        next: new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)),
      }
      return new Promise((resolve, reject) => {
        if (pending.size === 0) hold(true)
        pending.set(job.id, { job, left: threads, resolve, reject })
        for (const thread of team) thread.post(job)
      })
    },
    close: () => fail(new Error('the pool is closed')),
  }
}
