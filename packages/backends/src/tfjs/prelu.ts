import type { Kernels } from '../kernels.js'
import type { Composer } from './compose.js'
import { overRows } from './normalization.js'
import type { TfjsTensor } from './tensor.js'

export const prelu = ({ compose, composeAll }: Composer): Pick<Kernels<TfjsTensor>, 'prelu' | 'preluGrad'> => ({
  prelu: (x, slope) =>
    compose(o => {
      const values = o.of(x)
      return o.select(o.compare('Greater', values, o.scalar(0)), values, o.mul(values, o.of(slope)))
    }),
  preluGrad: (dy, x, slope) =>
    composeAll(o => {
      const [values, gradient] = [o.of(x), o.of(dy)]
      const positive = o.compare('Greater', values, o.scalar(0))
      return {
        input: o.select(positive, gradient, o.mul(gradient, o.of(slope))),
        slope: overRows(o, o.select(positive, o.full(0, x.shape), o.mul(gradient, values))),
      }
    }),
})
