import type { Kernels } from '@cpnas/backends'
import type { CpnasError } from '@cpnas/core'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { tfjsKernels } from '../../dist/tfjs/kernels.js'
import { openCpu } from '../../dist/tfjs/open/cpu.js'
import { openNode } from '../../dist/tfjs/open/node.js'
import { openWebgpu } from '../../dist/tfjs/open/webgpu.js'
import type { Runtime } from '../../dist/tfjs/runtime.js'
import type { TfjsTensor } from '../../dist/tfjs/tensor.js'
import { webgpuKernels } from '../../dist/tfjs/webgpu/kernels.js'
import type { KernelName } from '../kernel-cases.js'
import { openIfThere } from '../open.js'

/** Kernels on an engine of TensorFlow.js that was opened. */
interface OpenTfjs {
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
  /** Undefined, and a line of output that says why, where the engine is not available here. */
  readonly open: () => Promise<OpenTfjs | undefined>
}

/** WGSL grants log this absolute error between 1/2 and 2, where the logarithm itself goes down to 0. */
const webgpuSlack = { unary: 2 ** -21 }

const engine = <R extends Runtime>(
  name: string,
  open: TaskEither<CpnasError, R>,
  kernelsOn: (runtime: R) => Kernels<TfjsTensor>,
  { runs = 60, slack = {} }: Partial<Pick<TfjsEngine, 'runs' | 'slack'>> = {},
): TfjsEngine => ({
  name,
  slack,
  runs,
  open: async () => {
    const runtime = await openIfThere(open)
    if (runtime === undefined) return undefined
    const kernels = kernelsOn(runtime)
    return { kernels, held: () => ({ ...kernels.memory(), buffers: runtime.backend.numDataIds() }) }
  },
})

/** Every way of ours to compute with TensorFlow.js. */
export const tfjsEngines: readonly TfjsEngine[] = [
  engine('tfjs-cpu', openCpu, tfjsKernels),
  engine('tfjs-webgpu', openWebgpu, webgpuKernels, { runs: 20 }),
  engine('tfjs-webgpu composed', openWebgpu, tfjsKernels, { runs: 15, slack: webgpuSlack }),
  engine('tfjs-node', openNode('tfjs-node'), tfjsKernels),
  engine('tfjs-node-gpu', openNode('tfjs-node-gpu'), tfjsKernels),
]
