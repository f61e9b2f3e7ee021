import { parentPort, workerData } from 'node:worker_threads'
import { instantiate } from './module.js'

/** What a worker thread is started with. */
export interface WorkerInput {
  readonly module: WebAssembly.Module
  readonly memory: WebAssembly.Memory
  /** Address of the job record. */
  readonly job: number
  readonly thread: number
}

/** Looks at the job this often before it goes to sleep: a step's kernels follow each other within microseconds. */
const SPINS = 20_000

const { module, memory, job, thread } = workerData as WorkerInput
const kernels = instantiate(module, memory)
const sequence = new Int32Array(memory.buffer, job, 1)
let seen = Atomics.load(sequence, 0)
parentPort?.postMessage('ready')

for (;;) {
  for (let spins = 0; Atomics.load(sequence, 0) === seen; ) if (++spins > SPINS) Atomics.wait(sequence, 0, seen)
  seen = Atomics.load(sequence, 0)
  kernels.work(job, thread)
}
