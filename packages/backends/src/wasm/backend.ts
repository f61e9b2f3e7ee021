import { availableParallelism } from 'node:os'
import { backendOf } from '../autodiff/backend-of.js'
import type { Tensor } from '../autodiff/tensor.js'
import type { Backend } from '../backend.js'
import { type WasmOptions, wasmKernels } from './kernels.js'
import type { WasmTensor } from './tensor.js'

/** Default of `threads`: the cores this process may use. */
export const defaultThreads = (): number => availableParallelism()

/**
 * The fast CPU engine of Node. Rejects if WebAssembly lacks SIMD or threads here.
 * Its workers do not keep the process alive; `close` stops them.
 */
export const wasmBackend = async (options: Partial<WasmOptions> = {}): Promise<Backend<Tensor<WasmTensor>>> =>
  backendOf(await wasmKernels({ ...options, threads: options.threads ?? defaultThreads() }))
