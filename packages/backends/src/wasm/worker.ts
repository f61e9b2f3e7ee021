import { parentPort, workerData } from 'node:worker_threads'
import { JOB_FAILED } from './job.js'
import { instantiate } from './module.js'
import { oneDnnChunks } from './onednn/chunks.js'
import { type NativeChoice, openLibrary } from './onednn/library.js'

/** What a worker thread is started with. */
export interface WorkerInput {
  readonly module: WebAssembly.Module
  readonly memory: WebAssembly.Memory
  /** Address of the job record. */
  readonly job: number
  readonly thread: number
  /** The native library of convolutions, if there is one. */
  readonly native: NativeChoice | undefined
}

/** Looks at the job this often before it goes to sleep: a step's kernels follow each other within microseconds. */
const SPINS = 20_000

const { module, memory, job, thread, native } = workerData as WorkerInput
const chunks = native === undefined ? undefined : oneDnnChunks(await openLibrary(native.name), memory, native)
const kernels = instantiate(module, memory, chunks)
const words = new Int32Array(memory.buffer, job, JOB_FAILED + 1)
let seen = Atomics.load(words, 0)
parentPort?.postMessage('ready')

for (;;) {
  for (let spins = 0; Atomics.load(words, 0) === seen; ) if (++spins > SPINS) Atomics.wait(words, 0, seen)
  seen = Atomics.load(words, 0)
  try {
    kernels.work(job, thread)
  } catch (error) {
    // The calling thread waits without an event loop: a word in memory is all it can see.
    Atomics.store(words, JOB_FAILED, 1)
    throw error
  }
}
