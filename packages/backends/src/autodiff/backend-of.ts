import type { Backend } from '../backend.js'
import type { Kernels } from '../kernels.js'
import { checkShape, checkSize } from './check.js'
import { differentiating } from './differentiate.js'
import { elementwise } from './elementwise.js'
import { loss } from './loss.js'
import { normalizing } from './normalization.js'
import { optimizing } from './optimizer.js'
import { prelu } from './prelu.js'
import { makeRecorder } from './recorder.js'
import { reductions } from './reductions.js'
import { scaledSign } from './scaled-sign.js'
import { reshaping } from './shape.js'
import { type Tensor, tensorsIn } from './tensor.js'
import { windows } from './windows.js'

/**
 * The tensor algebra over an engine: checks operands, scopes memory, and differentiates in reverse mode. A Backend is
 * used from one thread of control: its scopes and tapes are synchronous, and only reading back and closing are not.
 */
export const backendOf = <H>(kernels: Kernels<H>): Backend<Tensor<H>> => {
  const recorder = makeRecorder(kernels)
  const { untracked, scope, dispose } = recorder
  return {
    name: kernels.name,
    precision: kernels.precision,
    tensor: (values, shape) => {
      checkSize('tensor', values.length, shape)
      return untracked(kernels.fromValues(values, shape), shape)
    },
    full: (value, shape = []) => {
      checkShape('full', shape)
      return untracked(kernels.fill(value, shape), shape)
    },
    shape: x => x.shape,
    read: x => kernels.read(x.handle),
    scope,
    dispose: tree => dispose(tensorsIn(tree)),
    memory: () => kernels.memory(),
    close: () => kernels.close(),
    ...elementwise(recorder),
    ...reductions(recorder),
    ...reshaping(recorder),
    ...windows(recorder),
    ...normalizing(recorder),
    ...scaledSign(recorder),
    ...prelu(recorder),
    ...loss(recorder),
    ...optimizing(recorder),
    ...differentiating(recorder),
  }
}
