import { Worker } from 'node:worker_threads'
import type { Heap } from './heap.js'
import { instantiate, type KernelName, kernelNumber } from './module.js'
import type { WorkerInput } from './worker.js'

const JOB_BYTES = 64
const ARGUMENT_BYTES = 1024
/** Fields of the job record in assembly/index.ts, as indices of 32-bit words. */
const SEQUENCE = 0
const NEXT = 1
const DONE = 2
const KERNEL = 3
const ARGUMENTS = 4
const CHUNKS = 5
const SCRATCH = 6
const SCRATCH_BYTES = 7
const CLOSED = 1 << 30
/** Multiply-adds below which waking the workers costs more than they save. */
const SMALL = 50_000

/**
 * Runs kernels on the calling thread and the workers. A kernel's work is cut in chunks independent of the number of
 * threads, each taken by whoever is free, so results are the same for any number of threads.
 */
export const startThreads = async (heap: Heap, module: WebAssembly.Module, threads: number) => {
  const kernels = instantiate(module, heap.memory)
  const [job, args] = [JOB_BYTES, ARGUMENT_BYTES].map(bytes => heap.allocate(bytes).address) as [number, number]
  const records = heap.live
  const word = job / 4
  let scratch = heap.allocate(0)
  let scratchBytes = 0
  heap.integers.fill(0, word, word + JOB_BYTES / 4)
  heap.integers[word + NEXT] = CLOSED

  const start = (thread: number): Promise<Worker> =>
    new Promise((resolve, reject) => {
      const workerData: WorkerInput = { module, memory: heap.memory, job, thread }
      const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData, execArgv: [] })
      worker.once('error', reject)
      worker.once('message', () => {
        worker.off('error', reject)
        worker.unref()
        resolve(worker)
      })
    })
  const workers = await Promise.all(Array.from({ length: threads - 1 }, (_, i) => start(i + 1)))

  const share = (kernel: KernelName, chunks: number): void => {
    const view = heap.integers
    view[word + KERNEL] = kernelNumber[kernel]
    view[word + ARGUMENTS] = args
    view[word + CHUNKS] = chunks
    view[word + SCRATCH] = scratch.address
    view[word + SCRATCH_BYTES] = scratchBytes
    Atomics.store(view, word + DONE, 0)
    Atomics.store(view, word + NEXT, 0)
    Atomics.add(view, word + SEQUENCE, 1)
    Atomics.notify(view, word + SEQUENCE)
    kernels.work(job, 0)
    while (Atomics.load(view, word + DONE) < chunks);
    Atomics.store(view, word + NEXT, CLOSED)
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
      if (workers.length === 0 || chunks === 1 || work < SMALL)
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
