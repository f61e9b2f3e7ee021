import type { Kernels } from '../kernels.js'
import { sameShape } from '../shape.js'
import type { Composer } from './compose.js'
import type { TfjsTensor } from './tensor.js'

type Reshaping = Pick<Kernels<TfjsTensor>, 'reshape' | 'transpose' | 'slice' | 'pad' | 'concat' | 'matMul'>

export const reshaping = ({ compose, store }: Composer): Reshaping => ({
  reshape: (x, shape) => store.view(x, shape),
  transpose: (x, permutation) =>
    permutation.every((from, axis) => from === axis)
      ? store.view(x, x.shape)
      : compose(o => o.transpose(o.of(x), permutation)),
  slice: (x, begin, size) =>
    sameShape(x.shape, size) ? store.view(x, size) : compose(o => o.slice(o.of(x), begin, size)),
  pad: (x, before, after) =>
    [...before, ...after].every(count => count === 0)
      ? store.view(x, x.shape)
      : compose(o => o.pad(o.of(x), before, after)),
  concat: (xs, axis) =>
    xs.length === 1
      ? store.view(xs[0]!, xs[0]!.shape)
      : compose(o =>
          o.concat(
            xs.map(x => o.of(x)),
            axis,
          ),
        ),
  matMul: (a, b, transposeA, transposeB) => compose(o => o.matMul(o.of(a), o.of(b), transposeA, transposeB)),
})
