import {
  findLibrary,
  type Kernels,
  openCpu,
  openNode,
  openWebgpu,
  type Runtime,
  tfjsKernels,
  wasmKernels,
  webgpuKernels,
} from '@cpnas/backends'
import { type CpnasError, formatError } from '@cpnas/core'
import { isLeft } from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'

/** An engine that was opened for a test. */
export interface OpenEngine {
  readonly kernels: Kernels<object>
  /** What is alive, by our account and in the engine's own words. */
  readonly held: () => Readonly<Record<string, number>>
}

export interface Engine {
  readonly name: string
  /** Left: why the engine is not available here. */
  readonly open: () => Promise<OpenEngine | CpnasError>
  /** Two runs of it need not give the same bits; they are this far apart at most, relatively. Default 0. */
  readonly jitter?: number
  /** How many random networks it is tried on. */
  readonly networks: number
}

const tfjs =
  <R extends Runtime>(open: TaskEither<CpnasError, R>, kernelsOf: (runtime: R) => Kernels<object>): Engine['open'] =>
  async () => {
    const runtime = await open()
    if (isLeft(runtime)) return runtime.left
    const { backend } = runtime.right
    const kernels = kernelsOf(runtime.right)
    return {
      kernels,
      held: () => {
        const { numBytesInGPU = 0 } = backend.memory() as { readonly numBytesInGPU?: number }
        return { ...kernels.memory(), buffers: backend.numDataIds(), bytesOnDevice: numBytesInGPU }
      },
    }
  }

const openWasm = async (options: { readonly oneDnn?: string }): Promise<OpenEngine> => {
  const kernels = (await wasmKernels({ threads: 2, ...options })) as Kernels<object>
  return { kernels, held: () => ({ ...kernels.memory() }) }
}

const composed = (runtime: Runtime): Kernels<object> => tfjsKernels(runtime) as Kernels<object>

export const engines: readonly Engine[] = [
  {
    name: 'onednn',
    networks: 20,
    open: async () => {
      const library = await findLibrary()()
      return isLeft(library) ? library.left : await openWasm({ oneDnn: library.right.name })
    },
  },
  { name: 'wasm', networks: 20, open: () => openWasm({}) },
  {
    name: 'tfjs-webgpu',
    networks: 4,
    open: tfjs(openWebgpu, runtime => webgpuKernels(runtime) as Kernels<object>),
  },
  { name: 'tfjs-cpu', networks: 4, open: tfjs(openCpu, composed) },
  { name: 'tfjs-node', networks: 10, open: tfjs(openNode('tfjs-node'), composed) },
  // CUDA's libraries choose among algorithms by their own measurements.
  { name: 'tfjs-node-gpu', networks: 10, jitter: 1e-3, open: tfjs(openNode('tfjs-node-gpu'), composed) },
]

/** The engine, or undefined and its name on the console where it is not available here. */
export const openIfThere = async ({ name, open }: Engine): Promise<OpenEngine | undefined> => {
  const opened = await open()
  if ('kernels' in opened) return opened
  console.warn(`SKIPPED ${name}: ${formatError(opened)}`)
  return undefined
}
