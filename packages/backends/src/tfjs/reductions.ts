import type { TensorInfo } from '@tensorflow/tfjs-core'
import type { Kernels } from '../kernels.js'
import type { Composer } from './compose.js'
import type { Operations } from './operations.js'
import type { TfjsTensor } from './tensor.js'

/** In rows of n values without NaN, index - n at a maximum and 0 elsewhere: the least of a row is at its first maximum. */
export const maximaByPlace = (o: Operations, rows: TensorInfo): TensorInfo => {
  const size = rows.shape.at(-1)!
  const isGreatest = o.indicator(o.compare('Equal', rows, o.extreme('Max', rows)))
  const places = Array.from({ length: size }, (_, i) => i - size)
  return o.mul(isGreatest, o.constant(places, [1, size]))
}

export const reductions = ({ compose, store }: Composer): Pick<Kernels<TfjsTensor>, 'sum' | 'argMax'> => ({
  sum: (x, axes = x.shape.map((_, axis) => axis)) =>
    axes.length === 0 ? store.view(x, x.shape) : compose(o => o.sum(o.of(x), axes)),
  /**
   * The least index at which the maximum is: engines break ties as they like. NaN is less than everything, but at the
   * first index, where it is the maximum.
   */
  argMax: x =>
    compose(o => {
      const classes = x.shape.at(-1)!
      const rows = o.reshape(o.of(x), [x.shape.slice(0, -1).reduce((a, b) => a * b, 1), classes])
      const first = o.constant(
        Array.from({ length: classes }, (_, i) => (i === 0 ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY)),
        [1, classes],
      )
      const replacement = o.add(o.full(0, rows.shape), first)
      const values = o.select(o.unary('IsNan', rows), replacement, rows)
      const indices = maximaByPlace(o, values)
      return o.reshape(o.add(o.extreme('Min', indices), o.scalar(classes)), x.shape.slice(0, -1))
    }),
})
