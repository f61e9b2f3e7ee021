import type { Kernels } from '../kernels.js'
import { sizeOf } from '../shape.js'
import type { Composer } from './compose.js'
import { combination } from './elementwise.js'
import type { TfjsTensor } from './tensor.js'

export const optimizing = ({
  compose,
  composeAll,
}: Composer): Pick<Kernels<TfjsTensor>, 'squaredNorm' | 'sgdStep'> => ({
  squaredNorm: xs =>
    compose(o => {
      const vectors = xs.map(x => o.reshape(o.of(x), [sizeOf(x.shape)]))
      const values = vectors.length === 1 ? vectors[0]! : o.concat(vectors, 0)
      return o.sum(o.mul(values, values), [0])
    }),
  sgdStep: (updates, { learningRate, momentum, weightDecay }, factor) =>
    updates.map(({ parameter, gradient, velocity, limit }) =>
      composeAll(o => {
        const before = o.of(parameter)
        const scaled = factor === undefined ? o.of(gradient) : o.mul(o.of(gradient), o.of(factor))
        const decayed = combination(o, 1, scaled, weightDecay, before)
        const next = velocity === undefined ? decayed : combination(o, momentum, o.of(velocity), 1, decayed)
        const after = combination(o, 1, before, -learningRate, next)
        return {
          parameter:
            limit === undefined
              ? after
              : o.binary('Maximum', o.binary('Minimum', after, o.scalar(limit)), o.scalar(-limit)),
          velocity: next,
        }
      }),
    ),
})
