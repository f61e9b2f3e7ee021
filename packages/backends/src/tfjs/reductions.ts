import type { Kernels } from '../kernels.js'
import type { Composer } from './compose.js'
import type { TfjsTensor } from './tensor.js'

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
      const isGreatest = o.indicator(o.compare('Equal', values, o.extreme('Max', values)))
      // 0 where there is no maximum, index - classes where there is one.
      const indices = o.mul(
        isGreatest,
        o.constant(
          Array.from({ length: classes }, (_, i) => i - classes),
          [1, classes],
        ),
      )
      return o.reshape(o.add(o.extreme('Min', indices), o.scalar(classes)), x.shape.slice(0, -1))
    }),
})
