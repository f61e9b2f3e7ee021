import { readFile } from 'node:fs/promises'
import { setFlagsFromString } from 'node:v8'

/** Kernels whose chunks the threads share: the numbers of assembly/index.ts. */
export const kernelNumber = {
  conv2d: 0,
  conv2dInputGrad: 1,
  conv2dFilterGrad: 2,
  depthwiseConv2d: 3,
  depthwiseConv2dInputGrad: 4,
  depthwiseConv2dFilterGrad: 5,
  maxPool: 6,
  maxPoolGrad: 7,
  avgPool: 8,
  avgPoolGrad: 9,
  chunkMoments: 10,
  chunkSums: 11,
  affineSum: 12,
  binary: 13,
  unary: 14,
  linearCombination: 15,
  stridedCopy: 16,
  sum: 17,
  matMul: 18,
  matMulTransposed: 19,
} as const

export type KernelName = keyof typeof kernelNumber

/** What assembly/index.ts exports. Arguments named like tensors are addresses in bytes. */
export interface KernelExports {
  run(kernel: number, args: number, chunks: number, scratch: number): void
  work(job: number, thread: number): void
  fill(y: number, value: number, count: number): void
  packPanels(b: number, out: number, k: number, n: number, rowStride: number, columnStride: number): void
  mergeMoments(args: number): void
  mergeSums(args: number): void
  sumGroups(x: number, groups: number, count: number, y: number): void
  argMax(x: number, rows: number, columns: number, y: number): void
  softmaxCrossEntropy(logits: number, labels: number, rows: number, classes: number): number
  softmaxCrossEntropyGrad(dy: number, logits: number, labels: number, rows: number, classes: number, out: number): void
}

export const instantiate = (module: WebAssembly.Module, memory: WebAssembly.Memory): KernelExports =>
  new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as KernelExports

/**
 * The compiled kernels: the build with relaxed SIMD (fused multiply-add, 1.2 times the speed) where the engine takes it.
 * Node 20 has it behind a flag, which is set here before the module is compiled.
 */
export const compileKernels = async (): Promise<{ readonly module: WebAssembly.Module; readonly relaxed: boolean }> => {
  setFlagsFromString('--experimental-wasm-relaxed-simd')
  const relaxed = await readFile(new URL('./kernels-relaxed.wasm', import.meta.url))
  if (WebAssembly.validate(relaxed)) return { module: await WebAssembly.compile(relaxed), relaxed: true }
  return { module: await WebAssembly.compile(await readFile(new URL('./kernels.wasm', import.meta.url))), relaxed: false }
}
