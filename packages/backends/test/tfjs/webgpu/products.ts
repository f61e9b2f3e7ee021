import type { Kernels } from '@cpnas/backends'
import type { WebgpuRuntime } from '../../../dist/tfjs/open/webgpu.js'
import { makeStore, type TfjsTensor } from '../../../dist/tfjs/tensor.js'
import { convolution } from '../../../dist/tfjs/webgpu/convolution.js'
import { depthwise } from '../../../dist/tfjs/webgpu/depthwise.js'
import { matMul } from '../../../dist/tfjs/webgpu/matmul.js'
import { pooling } from '../../../dist/tfjs/webgpu/pooling.js'
import { makeLauncher } from '../../../dist/tfjs/webgpu/program.js'

const tested = [
  'matMul',
  'conv2d',
  'conv2dGrad',
  'depthwiseConv2d',
  'depthwiseConv2dGrad',
  'maxPool',
  'maxPoolGrad',
  'avgPool',
  'avgPoolGrad',
] as const

export type Tested = (typeof tested)[number]
export const isTested = (name: string): name is Tested => (tested as readonly string[]).includes(name)

/** Convolutions, products and pooling alone; others throw. */
export const productKernels = (runtime: WebgpuRuntime): Kernels<TfjsTensor> & { dispatches(): number } => {
  const store = makeStore(runtime)
  const launcher = makeLauncher(runtime, store)
  const made = {
    name: 'tfjs-webgpu',
    precision: 'float32',
    fromValues: (values: ArrayLike<number>, shape: readonly number[]) =>
      store.make(runtime.backend.makeTensorInfo([...shape], 'float32', Float32Array.from(values)), shape),
    shapeOf: (x: TfjsTensor) => x.shape,
    read: async (x: TfjsTensor) => {
      const all = (await runtime.backend.read(x.buffer.dataId)) as Float32Array
      const size = x.shape.reduce((a, b) => a * b, 1)
      return all.slice(x.offset, x.offset + size)
    },
    reshape: (x: TfjsTensor, shape: readonly number[]) => store.view(x, shape),
    free: store.free,
    memory: store.memory,
    dispatches: launcher.dispatches,
    ...convolution(launcher, store),
    ...depthwise(launcher, store),
    ...matMul(launcher, store),
    ...pooling(launcher, store),
  }
  return made as unknown as Kernels<TfjsTensor> & { dispatches(): number }
}
