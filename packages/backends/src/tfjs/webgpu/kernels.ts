import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu'
import type { Kernels } from '../../kernels.js'
import { tfjsKernels } from '../kernels.js'
import type { WebgpuRuntime } from '../open/webgpu.js'
import { makeStore, type TfjsTensor } from '../tensor.js'
import { affineSums } from './affine-sum.js'
import { convolution } from './convolution.js'
import { depthwise } from './depthwise.js'
import { elementwise } from './elementwise.js'
import { loss } from './loss.js'
import { matMul } from './matmul.js'
import { optimizing } from './optimizer.js'
import type { WebgpuOptions } from './options.js'
import { pooling } from './pooling.js'
import { makeLauncher } from './program.js'
import { reductions } from './reductions.js'
import { scaledSign } from './scaled-sign.js'
import { moving } from './shape.js'
import { statistics } from './statistics.js'

export interface WebgpuKernels extends Kernels<TfjsTensor> {
  /** Programs that ran on the device so far, TensorFlow.js's own among them. */
  dispatches(): number
}

/** Counts what TensorFlow.js runs on the device. */
const countRuns = (backend: WebGPUBackend): (() => number) => {
  let count = 0
  const run = backend.runWebGPUProgram.bind(backend)
  backend.runWebGPUProgram = (...program) => {
    count++
    return run(...program)
  }
  return () => count
}

/** Every kernel on WebGPU, as few programs of our own; they bind at least 6 buffers. */
export const webgpuKernels = (opened: WebgpuRuntime, options?: WebgpuOptions): WebgpuKernels => {
  const runtime = { ...opened, backend: opened.backend as WebGPUBackend }
  const store = makeStore(runtime)
  const launcher = makeLauncher(runtime, store, options)
  const runs = countRuns(runtime.backend)
  const composed = tfjsKernels(runtime, store)
  const { own, ...shapes } = moving(launcher, store)
  return {
    ...composed,
    ...elementwise(launcher, store),
    ...reductions(launcher, store),
    ...shapes,
    ...convolution(launcher, store),
    ...depthwise(launcher, store),
    ...matMul(launcher, store),
    ...pooling(launcher, store),
    ...scaledSign(launcher),
    ...affineSums(launcher, store),
    ...statistics(launcher, store),
    ...loss(launcher, store),
    ...optimizing(launcher, store),
    read: async x => {
      const whole = own(x)
      try {
        return await composed.read(whole)
      } finally {
        store.free(whole)
      }
    },
    dispatches: () => runs() + launcher.recorded(),
  }
}
