// The module's surface: small kernels that the calling thread runs alone, and `run`/`work`, by which all threads share
// the chunks of a large one. Memory is imported and managed by the caller.
import { affineSum } from './affine'
import { conv2d, conv2dGrad } from './convolution'
import { depthwiseConv2d, depthwiseConv2dGrad } from './depthwise'
import { binary, linearCombination, stridedCopy, unary } from './elementwise'
import { accumulateOuter, multiply } from './gemm'
import { chunkMoments } from './moments'
import { adamStep, sgdStep, squares } from './optimizer'
import { avgPool, avgPoolGrad, maxPool, maxPoolGrad } from './pooling'
import { prelu, preluGrad } from './prelu'
import { sum } from './reduction'
import { countingConv2d } from './counting'
import { chunkSums } from './sums'

export { foldNormalization, foldNormalizationGrad } from './affine'
export { packPanels } from './gemm'
export {
  finishInputs, outputMoments, sumInputs, writeGradients, writeInputs, writeNarrowGradients, writeNarrowInputs,
} from './images'
export { softmaxCrossEntropy, softmaxCrossEntropyGrad } from './loss'
export { mergeMoments } from './moments'
export { argMax, sumGroups } from './reduction'
export { scaledSign, scaledSignGrad } from './scaled-sign'
export { packSigns } from './counting'
export { mergeSums } from './sums'
export { fill } from './vector'

/** The job that is being shared. Field order is the wire format: see src/wasm/job.ts. */
@unmanaged
class Job {
  /** Number of the job; workers sleep on it. */
  sequence: i32
  /** Number of the job (11 bits), next chunk to be taken (20 bits). */
  next: i32
  done: i32
  kernel: i32
  args: usize
  chunks: i32
  /** Scratch of thread i: scratch + i * scratchBytes. */
  scratch: usize
  scratchBytes: usize
}

@unmanaged
class Product {
  rows: i32
  depth: i32
  columns: i32
  perChunk: i32
  a: usize
  b: usize
  y: usize
}

/** y [rows, columns] = a [rows, depth] times panels of b. */
function matMul(args: usize, chunk: i32): void {
  const p = changetype<Product>(args)
  const first = chunk * p.perChunk
  multiply(p.a + (<usize>(first * p.depth) << 2), p.depth, p.b, p.y + (<usize>(first * p.columns) << 2), p.columns,
    min(p.perChunk, p.rows - first), p.depth, p.columns)
}

/** y [depth, columns] = a^T b with a [rows, depth], b [rows, columns]; y zero before. */
function matMulTransposed(args: usize): void {
  const p = changetype<Product>(args)
  accumulateOuter(p.a, p.b, p.y, p.rows, p.depth, p.columns)
}

/** Kernels that the host computes by a library of its own. */
@external('env', 'native')
declare function native(id: i32, args: usize, chunk: i32, scratch: usize): void

/** Kernel numbers: the same list as in src/wasm/module.ts. */
function kernel(id: i32, args: usize, chunk: i32, scratch: usize): void {
  switch (id) {
    case 0: return conv2d(args, chunk, scratch)
    case 1: return conv2dGrad(args, chunk, scratch)
    case 2: return depthwiseConv2d(args, chunk, scratch)
    case 3: return depthwiseConv2dGrad(args, chunk, scratch)
    case 4: return maxPool(args, chunk, scratch)
    case 5: return maxPoolGrad(args, chunk, scratch)
    case 6: return avgPool(args, chunk, scratch)
    case 7: return avgPoolGrad(args, chunk, scratch)
    case 8: return chunkMoments(args, chunk)
    case 9: return chunkSums(args, chunk)
    case 10: return affineSum(args, chunk)
    case 11: return binary(args, chunk, scratch)
    case 12: return unary(args, chunk)
    case 13: return linearCombination(args, chunk)
    case 14: return stridedCopy(args, chunk)
    case 15: return sum(args, chunk)
    case 16: return matMul(args, chunk)
    case 17: return matMulTransposed(args)
    case 18: return squares(args, chunk)
    case 19: return sgdStep(args, chunk)
    case 20: return adamStep(args, chunk)
    case 21: return prelu(args, chunk)
    case 22: return preluGrad(args, chunk)
    case 23: return countingConv2d(args, chunk, scratch)
    default: return native(id, args, chunk, scratch)
  }
}

/** All chunks on the calling thread. */
export function run(id: i32, args: usize, chunks: i32, scratch: usize): void {
  for (let chunk = 0; chunk < chunks; chunk++) kernel(id, args, chunk, scratch)
}

const CHUNK_BITS: i32 = 0xfffff

/**
 * Takes chunks of the open job until none is left. A worker that comes late cannot take one of the next job by what it
 * read of this one: a chunk is taken only if job and chunk are still what they were when they were looked at.
 */
export function work(job: usize, thread: i32): void {
  const j = changetype<Job>(job)
  const next = job + offsetof<Job>('next')
  while (true) {
    const ticket = atomic.load<i32>(next)
    const chunk = ticket & CHUNK_BITS
    if (chunk >= atomic.load<i32>(job + offsetof<Job>('chunks'))) return
    if (atomic.cmpxchg<i32>(next, ticket, ticket + 1) != ticket) continue
    kernel(j.kernel, j.args, chunk, j.scratch + <usize>thread * j.scratchBytes)
    atomic.add<i32>(job + offsetof<Job>('done'), 1)
  }
}
