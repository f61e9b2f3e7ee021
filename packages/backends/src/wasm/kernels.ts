import type { Kernels } from '../kernels.js'
import { sizeOf } from '../shape.js'
import { countingConvolution } from './counting.js'
import { addressOf, type Engine, withStorage, writeWords } from './engine.js'
import { Heap } from './heap.js'
import { compileKernels } from './module.js'
import { oneDnnConvolutions } from './onednn/kernels.js'
import { openLibrary } from './onednn/library.js'
import { optimizerKernels } from './optimizer.js'
import { preluKernels } from './prelu.js'
import { rowKernels } from './rows.js'
import { scaledSignKernels } from './scaled-sign.js'
import { stridedKernels } from './strided.js'
import { tensorStore, type WasmTensor } from './tensor.js'
import { startThreads } from './threads.js'
import { windowKernels } from './windows.js'

/** How the WebAssembly engine computes. */
export interface WasmOptions {
  /** Threads that share a kernel, the calling one included. Default: the machine's cores (`os.availableParallelism`). */
  readonly threads: number
  /** Fused multiply-add, which rounds once instead of twice. Default: where WebAssembly accepts it. */
  readonly relaxedSimd?: boolean
  /** The oneDNN library that computes dense convolutions, e.g. `libdnnl.so.3`. Default: the engine's own kernels do. */
  readonly oneDnn?: string
  /**
   * Whether that library multiplies bfloat16 values, which have 8 bits instead of 24, and adds in float32: of 3x3 convolutions of stride
   * 1 of 8 channels and more. In a 1-bit convolution the gradients are rounded. Its forward pass is counted, so exact; on processors
   * with AMX it is multiplied, which rounds the scale of each output channel's filters by at most 2^-8. Default: no.
   */
  readonly bfloat16?: boolean
}

/** Rows of a matrix product a chunk takes. */
const ROWS = 64

const productKernels = (
  engine: Engine,
  transpose: Kernels<WasmTensor>['transpose'],
): Pick<Kernels<WasmTensor>, 'matMul'> => {
  const { threads, store } = engine
  const shapeOf = (x: WasmTensor): readonly [number, number] => [x.shape[0]!, x.shape[1]!]

  /** The record `Product` of assembly/index.ts. */
  const product = (a: number, b: number, y: WasmTensor, rows: number, depth: number, columns: number): void =>
    writeWords(engine, [rows, depth, columns, ROWS, a, b, addressOf(y)])

  return {
    matMul(a, b, transposeA, transposeB) {
      const [aRows, aColumns] = shapeOf(a)
      const [bRows, bColumns] = shapeOf(b)
      const m = transposeA ? aColumns : aRows
      const k = transposeA ? aRows : aColumns
      const n = transposeB ? bRows : bColumns
      const y = store.allocate([m, n])
      if (transposeA && !transposeB) {
        threads.kernels.fill(addressOf(y), 0, y.size)
        product(addressOf(a), addressOf(b), y, k, m, n)
        threads.run('matMulTransposed', 1, m * k * n)
        return y
      }
      withStorage(engine, ((n + 7) & ~7) * k * 4, panels => {
        threads.kernels.packPanels(
          addressOf(b),
          panels.address,
          k,
          n,
          transposeB ? 1 : bColumns,
          transposeB ? bColumns : 1,
        )
        const left = transposeA ? transpose(a, [1, 0]) : a
        product(addressOf(left), panels.address, y, m, k, n)
        threads.run('matMul', Math.ceil(m / ROWS), m * k * n)
        if (left !== a) store.free(left)
      })
      return y
    },
  }
}

const lossKernels = ({
  threads,
  store,
  heap,
}: Engine): Pick<Kernels<WasmTensor>, 'softmaxCrossEntropy' | 'softmaxCrossEntropyGrad' | 'argMax'> => ({
  softmaxCrossEntropy(logits, labels) {
    const [rows, classes] = logits.shape as [number, number]
    const y = store.allocate([])
    heap.floats[addressOf(y) / 4] = threads.kernels.softmaxCrossEntropy(
      addressOf(logits),
      addressOf(labels),
      rows,
      classes,
    )
    return y
  },
  softmaxCrossEntropyGrad(dy, logits, labels) {
    const [rows, classes] = logits.shape as [number, number]
    const y = store.allocate(logits.shape)
    threads.kernels.softmaxCrossEntropyGrad(
      addressOf(dy),
      addressOf(logits),
      addressOf(labels),
      rows,
      classes,
      addressOf(y),
    )
    return y
  },
  argMax(x) {
    const y = store.allocate(x.shape.slice(0, -1))
    threads.kernels.argMax(addressOf(x), y.size, x.shape[x.shape.length - 1]!, addressOf(y))
    return y
  },
})

/**
 * The fast CPU engine: float32 SIMD kernels in WebAssembly over one shared memory, cut in chunks that worker threads
 * share. Values do not depend on the number of threads. At most 4 GiB of tensors.
 */
export const wasmKernels = async ({
  threads: count,
  relaxedSimd,
  oneDnn: name,
  bfloat16 = false,
}: WasmOptions): Promise<Kernels<WasmTensor>> => {
  const heap = new Heap()
  const module = await compileKernels(relaxedSimd)
  const native = name === undefined ? undefined : { name, bfloat16, library: await openLibrary(name) }
  const threads = await startThreads(heap, module, count, native)
  const store = tensorStore(heap)
  const engine: Engine = { heap, threads, store }
  const strided = stridedKernels(engine)
  const windows = windowKernels(engine)
  const products = native ? oneDnnConvolutions(engine, native, windows) : windows

  return {
    name: native === undefined ? 'wasm' : bfloat16 ? 'onednn-bf16' : 'onednn',
    precision: 'float32',
    fromValues(values, shape) {
      const x = store.allocate(shape)
      heap.floats.set(values, addressOf(x) / 4)
      return x
    },
    fill(value, shape) {
      const x = store.allocate(shape)
      threads.kernels.fill(addressOf(x), value, sizeOf(shape))
      return x
    },
    shapeOf: x => x.shape,
    read: async x => heap.floats.slice(addressOf(x) / 4, addressOf(x) / 4 + x.size),
    free: store.free,
    memory: () => ({ tensors: store.count(), bytes: heap.live - threads.bytes() }),
    close: threads.close,
    reshape: store.alias,
    ...strided,
    ...windows,
    conv2d: countingConvolution(engine, native, products.conv2d),
    conv2dGrad: products.conv2dGrad,
    ...rowKernels(engine),
    ...scaledSignKernels(engine),
    ...preluKernels(engine),
    ...productKernels(engine, strided.transpose),
    ...lossKernels(engine),
    ...optimizerKernels(engine),
  }
}
