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
  prelu: 21,
  preluGrad: 22,
  countingConv2d: 23,
  nativeConv2d: 24,
  nativeConv2dGrad: 25,
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
  packSigns(w: number, depth: number, outputs: number, out: number): number
  sumGroups(x: number, groups: number, count: number, y: number): void
  writeInputs(args: number, group: number, dst: number): void
  writeGradients(args: number, group: number, dst: number): void
  writeNarrowInputs(args: number, group: number, dst: number, scratch: number): void
  writeNarrowGradients(args: number, group: number, dst: number, scratch: number): void
  finishInputs(args: number, group: number, d: number): void
  sumInputs(args: number, group: number): void
  outputMoments(args: number, group: number): void
  argMax(x: number, rows: number, columns: number, y: number): void
  softmaxCrossEntropy(logits: number, labels: number, rows: number, classes: number): number
  softmaxCrossEntropyGrad(dy: number, logits: number, labels: number, rows: number, classes: number, out: number): void
}

/** Computes a chunk of a kernel that is not in the module; `scratch` is an address. */
export type NativeKernel = (kernel: number, args: number, chunk: number, scratch: number) => void

const noKernel: NativeKernel = kernel => {
  throw new Error(`wasm: there is no kernel ${kernel}`)
}

/**
 * @param native Computes the kernels that the module lacks, given its exports. Default: none.
 */
export const instantiate = (
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  native: (kernels: KernelExports) => NativeKernel = () => noKernel,
): KernelExports => {
  let run = noKernel
  const env: { readonly memory: WebAssembly.Memory; readonly native: NativeKernel } = {
    memory,
    native: (...chunk) => run(...chunk),
  }
  const kernels = new WebAssembly.Instance(module, { env }).exports as unknown as KernelExports
  run = native(kernels)
  return kernels
}

const readKernels = (file: string): Promise<Buffer<ArrayBuffer>> => readFile(new URL(file, import.meta.url))

/**
 * Whether WebAssembly accepts these kernels with relaxed SIMD. Node 20 does once V8 is told to; where it already does, V8 may no
 * longer know the flag, so it is set only where it is needed.
 */
const acceptsRelaxed = (bytes: Buffer<ArrayBuffer>): boolean => {
  if (WebAssembly.validate(bytes)) return true
  setFlagsFromString('--experimental-wasm-relaxed-simd')
  return WebAssembly.validate(bytes)
}

/**
 * The build of the kernels that WebAssembly accepts here: the one with relaxed SIMD (fused multiply-add, 1.2 times the speed),
 * else the one without. Undefined if it accepts neither.
 */
export const chooseKernels = async (
  allowRelaxed = true,
): Promise<{ readonly bytes: Buffer<ArrayBuffer>; readonly relaxed: boolean } | undefined> => {
  if (allowRelaxed) {
    const bytes = await readKernels('./kernels-relaxed.wasm')
    if (acceptsRelaxed(bytes)) return { bytes, relaxed: true }
  }
  const bytes = await readKernels('./kernels.wasm')
  return WebAssembly.validate(bytes) ? { bytes, relaxed: false } : undefined
}

/** Compiles the kernels that `chooseKernels` chose; rejects if there are none. */
export const compileKernels = async (allowRelaxed = true): Promise<WebAssembly.Module> => {
  const chosen = await chooseKernels(allowRelaxed)
  if (chosen === undefined) throw new Error('wasm: WebAssembly with SIMD and threads does not work here')
  return new WebAssembly.Module(chosen.bytes)
}
