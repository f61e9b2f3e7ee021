import { Worker } from 'node:worker_threads'
import type { Heap } from './heap.js'
import {
  JOB_ARGUMENTS,
  JOB_BYTES,
  JOB_CHUNKS,
  JOB_DONE,
  JOB_FAILED,
  JOB_KERNEL,
  JOB_NEXT,
  JOB_SCRATCH,
  JOB_SCRATCH_BYTES,
  JOB_SEQUENCE,
} from './job.js'
import { instantiate, type KernelName, kernelNumber } from './module.js'
import { oneDnnChunks } from './onednn/chunks.js'
import type { NativeLibrary } from './onednn/library.js'
import type { WorkerInput } from './worker.js'

const ARGUMENT_BYTES = 1024
/** `next` holds the number of the job above the next chunk; while a job is written down, no chunk can be taken. */
const CHUNK_BITS = 20
const CLOSED = 2 ** CHUNK_BITS - 1
const LAST_JOB = 2 ** 11 - 1
/** Multiply-adds below which waking the workers costs more than they save. */
const SMALL = 50_000

/**
 * Runs kernels on the calling thread and the workers. A kernel's work is cut in chunks independent of the number of
 * threads, each taken by whoever is free, so results are the same for any number of threads.
 */
export const startThreads = async (heap: Heap, module: WebAssembly.Module, threads: number, native?: NativeLibrary) => {
  const kernels = instantiate(module, heap.memory, native && oneDnnChunks(native.library, heap.memory, native))
  const [job, args] = [JOB_BYTES, ARGUMENT_BYTES].map(bytes => heap.allocate(bytes).address) as [number, number]
  const records = heap.live
  const word = job / 4
  let scratch = heap.allocate(0)
  let scratchBytes = 0
  heap.integers.fill(0, word, word + JOB_BYTES / 4)
  heap.integers[word + JOB_NEXT] = CLOSED
  let number = 0

  const start = (thread: number): Promise<Worker> =>
    new Promise((resolve, reject) => {
      const workerData: WorkerInput = {
        module,
        memory: heap.memory,
        job,
        thread,
        native: native && { name: native.name, bfloat16: native.bfloat16 },
      }
      const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData, execArgv: [] })
      const onExit = (code: number): void => reject(new Error(`wasm: a thread ended at its start with code ${code}`))
      worker.once('error', reject)
      worker.once('exit', onExit)
      worker.once('message', () => {
        worker.off('error', reject)
        worker.off('exit', onExit)
        worker.unref()
        resolve(worker)
      })
    })
  const workers = await Promise.all(Array.from({ length: threads - 1 }, (_, i) => start(i + 1)))

  const share = (kernel: KernelName, chunks: number): void => {
    const view = heap.integers
    number = (number + 1) & LAST_JOB
    Atomics.store(view, word + JOB_NEXT, (number << CHUNK_BITS) | CLOSED)
    view[word + JOB_KERNEL] = kernelNumber[kernel]
    view[word + JOB_ARGUMENTS] = args
    Atomics.store(view, word + JOB_CHUNKS, chunks)
    view[word + JOB_SCRATCH] = scratch.address
    view[word + JOB_SCRATCH_BYTES] = scratchBytes
    Atomics.store(view, word + JOB_DONE, 0)
    Atomics.store(view, word + JOB_NEXT, number << CHUNK_BITS)
    Atomics.add(view, word + JOB_SEQUENCE, 1)
    Atomics.notify(view, word + JOB_SEQUENCE)
    kernels.work(job, 0)
    while (Atomics.load(view, word + JOB_DONE) < chunks)
      if (Atomics.load(view, word + JOB_FAILED) !== 0)
        throw new Error(`wasm: the kernel ${kernel} failed in a worker thread`)
  }

  return {
    kernels,
    /** Address of the record that the next kernel reads its arguments from. */
    args,
    /** `work` in multiply-adds decides whether the workers are called; `needs` is a thread's scratch in bytes. */
    run(kernel: KernelName, chunks: number, work: number, needs = 64): void {
      if (needs > scratchBytes) {
        heap.release(scratch)
        scratchBytes = Math.ceil(needs / 64) * 64 + 64
        scratch = heap.allocate(scratchBytes * threads)
      }
      if (workers.length === 0 || chunks === 1 || chunks >= CLOSED || work < SMALL)
        kernels.run(kernelNumber[kernel], args, chunks, scratch.address)
      else share(kernel, chunks)
    },
    /** Memory held by the records and the scratch. */
    bytes: (): number => records + scratch.bytes,
    close: async (): Promise<void> => {
      await Promise.all(workers.map(worker => worker.terminate()))
    },
  }
}

export type Threads = Awaited<ReturnType<typeof startThreads>>
