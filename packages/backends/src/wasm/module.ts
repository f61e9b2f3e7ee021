import { readFile } from 'node:fs/promises'
import { setFlagsFromString } from 'node:v8'

/** Kernels whose chunks the threads share: the numbers of assembly/index.ts. */
export const kernelNumber = {
  conv2d: 0,
  conv2dGrad: 1,
  depthwiseConv2d: 2,
  depthwiseConv2dGrad: 3,
  maxPool: 4,
  maxPoolGrad: 5,
  avgPool: 6,
  avgPoolGrad: 7,
  chunkMoments: 8,
  chunkSums: 9,
  affineSum: 10,
  binary: 11,
  unary: 12,
  linearCombination: 13,
  stridedCopy: 14,
  sum: 15,
  matMul: 16,
  matMulTransposed: 17,
  squares: 18,
  sgdStep: 19,
  adamStep: 20,
} as const

export type KernelName = keyof typeof kernelNumber

/** What assembly/index.ts exports. Arguments named like tensors are addresses in bytes. */
export interface KernelExports {
  run(kernel: number, args: number, chunks: number, scratch: number): void
  work(job: number, thread: number): void
  fill(y: number, value: number, count: number): void
  packPanels(b: number, out: number, k: number, n: number, rowStride: number, columnStride: number): void
  mergeMoments(args: number): void
  mergeSums(partials: number, chunks: number, channels: number, sum: number, product: number): void
  foldNormalization(
    mean: number,
    variance: number,
    gamma: number,
    beta: number,
    epsilon: number,
    channels: number,
    precision: number,
    scale: number,
    shift: number,
  ): void
  foldNormalizationGrad(
    mean: number,
    precision: number,
    scale: number,
    sum: number,
    product: number,
    count: number,
    channels: number,
    slope: number,
    offset: number,
  ): void
  scaledSign(x: number, rows: number, channels: number, whole: number, y: number): void
  scaledSignGrad(mode: number, dy: number, x: number, rows: number, channels: number, whole: number, y: number): void
  sumGroups(x: number, groups: number, count: number, y: number): void
  argMax(x: number, rows: number, columns: number, y: number): void
  softmaxCrossEntropy(logits: number, labels: number, rows: number, classes: number): number
  softmaxCrossEntropyGrad(dy: number, logits: number, labels: number, rows: number, classes: number, out: number): void
}

export const instantiate = (module: WebAssembly.Module, memory: WebAssembly.Memory): KernelExports =>
  new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as KernelExports

/** In Node 20 relaxed SIMD is behind a flag of V8. */
const relaxedFlag = '--experimental-wasm-relaxed-simd'

/**
 * V8's flags while the kernels are compiled: the optimizing compiler at once, since the baseline's code is several times
 * slower and a kernel is called too rarely to leave it soon.
 */
const optimizingFlags = ['--no-wasm-lazy-compilation', '--no-liftoff'] as const

/**
 * The build of the kernels that WebAssembly accepts here: that with relaxed SIMD (fused multiply-add, 1.2 times the speed),
 * else the one without. Undefined if it takes neither.
 */
export const chooseKernels = async (
  allowRelaxed = true,
): Promise<{ readonly bytes: Buffer<ArrayBuffer>; readonly relaxed: boolean } | undefined> => {
  setFlagsFromString(relaxedFlag)
  for (const relaxed of allowRelaxed ? [true, false] : [false]) {
    const bytes = await readFile(new URL(relaxed ? './kernels-relaxed.wasm' : './kernels.wasm', import.meta.url))
    if (WebAssembly.validate(bytes)) return { bytes, relaxed }
  }
  return undefined
}

/** Compiles the kernels that `chooseKernels` chose; rejects if there are none. */
export const compileKernels = async (allowRelaxed = true): Promise<WebAssembly.Module> => {
  const chosen = await chooseKernels(allowRelaxed)
  if (chosen === undefined) throw new Error('wasm: WebAssembly with SIMD and threads does not work here')
  for (const flag of optimizingFlags) setFlagsFromString(flag)
  try {
    return await WebAssembly.compile(chosen.bytes)
  } finally {
    setFlagsFromString('--liftoff')
  }
}
