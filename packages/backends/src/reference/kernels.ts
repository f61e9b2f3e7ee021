import type { Kernels } from '../kernels.js'
import { sizeOf } from '../shape.js'
import { convolution } from './convolution.js'
import { depthwiseConvolution } from './depthwise-convolution.js'
import { elementwise } from './elementwise.js'
import { loss } from './loss.js'
import { normalizing } from './normalization.js'
import { optimizing } from './optimizer.js'
import { pooling } from './pooling.js'
import { prelu } from './prelu.js'
import { reductions } from './reductions.js'
import { scaledSign } from './scaled-sign.js'
import { reshaping } from './shape.js'
import { makeStore, type ReferenceTensor } from './tensor.js'

/**
 * The reference engine: plain loops in float64, slow and obviously right; every other engine is tested against it. Throws on use after free
 * and on double free.
 */
export const referenceKernels = (): Kernels<ReferenceTensor> => {
  const store = makeStore()
  return {
    name: 'reference',
    precision: 'float64',
    fromValues: (values, shape) => store.make(Float64Array.from(values), shape),
    fill: (value, shape) => store.make(new Float64Array(sizeOf(shape)).fill(value), shape),
    shapeOf: x => x.shape,
    read: async x => store.values(x).slice(),
    free: store.free,
    memory: store.memory,
    close: async () => {},
    ...elementwise(store),
    ...reductions(store),
    ...reshaping(store),
    ...convolution(store),
    ...depthwiseConvolution(store),
    ...scaledSign(store),
    ...prelu(store),
    ...pooling(store),
    ...normalizing(store),
    ...loss(store),
    ...optimizing(store),
  }
}
