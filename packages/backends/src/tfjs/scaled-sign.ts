import type { TensorInfo } from '@tensorflow/tfjs-core'
import type { Kernels, ScaleGroup } from '../kernels.js'
import { sizeOf } from '../shape.js'
import type { Composer } from './compose.js'
import { sign } from './elementwise.js'
import { overRows } from './normalization.js'
import type { Operations } from './operations.js'
import type { TfjsTensor } from './tensor.js'
import { slope } from './window.js'

/** The mean of every group, [channels] or []. */
const means = (o: Operations, x: TensorInfo, group: ScaleGroup): TensorInfo => {
  const size = sizeOf(x.shape)
  return group === 'channel'
    ? o.div(overRows(o, x), o.scalar(size / x.shape.at(-1)!))
    : o.div(
        o.sum(
          x,
          x.shape.map((_, axis) => axis),
        ),
        o.scalar(size),
      )
}

export const scaledSign = ({ compose }: Composer): Pick<Kernels<TfjsTensor>, 'scaledSign' | 'scaledSignGrad'> => ({
  scaledSign: (x, group) => compose(o => o.mul(sign(o, o.of(x)), means(o, o.unary('Abs', o.of(x)), group))),
  scaledSignGrad: (dy, x, group, activation) =>
    compose(o => {
      const [values, gradient] = [o.of(x), o.of(dy)]
      const signs = sign(o, values)
      const scale = means(o, o.unary('Abs', values), group)
      const estimate = o.mul(o.mul(slope(o, activation, values)!, scale), gradient)
      return o.add(estimate, o.mul(signs, means(o, o.mul(signs, gradient), group)))
    }),
})
