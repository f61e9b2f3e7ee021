import type { Kernels } from '../kernels.js'
import { sizeOf } from '../shape.js'
import { makeComposer } from './compose.js'
import { convolution } from './convolution.js'
import { depthwiseConvolution } from './depthwise-convolution.js'
import { elementwise } from './elementwise.js'
import { loss } from './loss.js'
import { normalizing } from './normalization.js'
import { optimizing } from './optimizer.js'
import { pooling } from './pooling.js'
import { prelu } from './prelu.js'
import { reductions } from './reductions.js'
import type { Runtime } from './runtime.js'
import { scaledSign } from './scaled-sign.js'
import { reshaping } from './shape.js'
import { makeStore, type Store, type TfjsTensor } from './tensor.js'

/**
 * Every kernel as TensorFlow.js's kernels one after the other: right on tfjs-cpu, tfjs-webgpu, tfjs-node and tfjs-node-gpu.
 * What an engine has wrong (ties and NaN in pooling, dilation in adjoints and, TensorFlow's, in depthwise convolutions;
 * padding but 'same') is composed of what it has right. Dilated filters are written out with their zeros, and padding is
 * zeros, so infinite operands of convolutions and average pooling give NaN also where a tap misses them.
 */
export const tfjsKernels = (runtime: Runtime, store: Store = makeStore(runtime)): Kernels<TfjsTensor> => {
  const composer = makeComposer(runtime, store)
  const { compose } = composer
  return {
    name: runtime.name,
    precision: 'float32',
    fromValues: (values, shape) => compose(o => o.constant(values, shape)),
    fill: (value, shape) => compose(o => (shape.length === 0 ? o.scalar(value) : o.full(value, shape))),
    shapeOf: x => x.shape,
    read: async ({ buffer, shape, offset }) => {
      runtime.check()
      const values = await runtime.backend.read(buffer.dataId)
      return Float32Array.from((values as Float32Array).subarray(offset, offset + sizeOf(shape)))
    },
    free: store.free,
    memory: store.memory,
    close: runtime.close,
    ...elementwise(composer),
    ...reductions(composer),
    ...reshaping(composer),
    ...convolution(composer),
    ...depthwiseConvolution(composer),
    ...pooling(composer),
    ...scaledSign(composer),
    ...prelu(composer),
    ...normalizing(composer),
    ...loss(composer),
    ...optimizing(composer),
  }
}
