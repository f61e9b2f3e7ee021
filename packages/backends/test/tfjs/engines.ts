import type { CpnasError, Kernels } from '@cpnas/backends'
import { isLeft } from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { tfjsKernels } from '../../dist/tfjs/kernels.js'
import { openCpu } from '../../dist/tfjs/open/cpu.js'
import { openNode } from '../../dist/tfjs/open/node.js'
import { openWebgpu } from '../../dist/tfjs/open/webgpu.js'
import type { Runtime } from '../../dist/tfjs/runtime.js'
import type { TfjsTensor } from '../../dist/tfjs/tensor.js'
import type { KernelName } from '../kernel-cases.js'

/** Kernels on an engine of TensorFlow.js that was opened. */
export interface OpenTfjs {
  readonly kernels: Kernels<TfjsTensor>
  /** What is alive, by our account and by the engine's. */
  readonly held: () => unknown
}

export interface TfjsEngine {
  readonly name: string
  /** What a kernel's results may be off by besides the bound of float32. */
  readonly slack: Partial<Readonly<Record<KernelName, number>>>
  /** Of each property: on WebGPU most of the time goes into compiling shaders. */
  readonly runs: number
  /** Left: why the engine is not available here. */
  readonly open: () => Promise<OpenTfjs | CpnasError>
}

/** WGSL grants log this absolute error between 1/2 and 2, where the logarithm itself goes down to 0. */
const webgpuSlack = { unary: 2 ** -21 }

const composed = (
  name: string,
  open: TaskEither<CpnasError, Runtime>,
  slack: TfjsEngine['slack'] = {},
): TfjsEngine => ({
  name: `${name}, composed`,
  slack,
  runs: name === 'tfjs-webgpu' ? 15 : 60,
  open: async () => {
    const runtime = await open()
    if (isLeft(runtime)) return runtime.left
    const { backend } = runtime.right
    const kernels = tfjsKernels(runtime.right)
    return { kernels, held: () => ({ ...kernels.memory(), buffers: backend.numDataIds() }) }
  },
})

export const tfjsEngines: readonly TfjsEngine[] = [
  composed('tfjs-cpu', openCpu),
  composed('tfjs-webgpu', openWebgpu, webgpuSlack),
  composed('tfjs-node', openNode('tfjs-node')),
  composed('tfjs-node-gpu', openNode('tfjs-node-gpu')),
]
