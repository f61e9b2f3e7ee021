import type { TensorInfo } from '@tensorflow/tfjs-core'
import { biasCorrection } from '../bias-correction.js'
import type { Kernels, ParameterUpdate, StepCoefficients } from '../kernels.js'
import { sizeOf } from '../shape.js'
import type { Composer } from './compose.js'
import { combination } from './elementwise.js'
import type { Operations } from './operations.js'
import type { TfjsTensor } from './tensor.js'

type Update = ParameterUpdate<TfjsTensor>
type Optimizing = Pick<Kernels<TfjsTensor>, 'squaredNorm' | 'sgdStep' | 'adamStep'>

/** gradient * factor + weightDecay * parameter. */
const decayed = (
  o: Operations,
  { parameter, gradient }: Update,
  { weightDecay }: StepCoefficients,
  factor: TfjsTensor | undefined,
): TensorInfo => {
  const scaled = factor === undefined ? o.of(gradient) : o.mul(o.of(gradient), o.of(factor))
  return combination(o, 1, scaled, weightDecay, o.of(parameter))
}

/** The parameter, moved by -rate * direction and clamped. */
const moved = (o: Operations, { parameter, limit }: Update, rate: number, direction: TensorInfo): TensorInfo => {
  const after = combination(o, 1, o.of(parameter), -rate, direction)
  return limit === undefined
    ? after
    : o.binary('Maximum', o.binary('Minimum', after, o.scalar(limit)), o.scalar(-limit))
}

/** beta * last + (1 - beta) * x. */
const average = (o: Operations, beta: number, last: TfjsTensor | undefined, x: TensorInfo): TensorInfo =>
  last === undefined ? o.mul(x, o.scalar(1 - beta)) : combination(o, beta, o.of(last), 1 - beta, x)

export const optimizing = ({ compose, composeAll }: Composer): Optimizing => ({
  squaredNorm: xs =>
    compose(o => {
      const vectors = xs.map(x => o.reshape(o.of(x), [sizeOf(x.shape)]))
      const values = vectors.length === 1 ? vectors[0]! : o.concat(vectors, 0)
      return o.sum(o.mul(values, values), [0])
    }),
  sgdStep: (updates, coefficients, factor) =>
    updates.map(update =>
      composeAll(o => {
        const { momentum, learningRate } = coefficients
        const g = decayed(o, update, coefficients, factor)
        const velocity = update.velocity === undefined ? g : combination(o, momentum, o.of(update.velocity), 1, g)
        return { parameter: moved(o, update, learningRate, velocity), velocity }
      }),
    ),
  adamStep: (updates, coefficients, factor) => {
    const { beta1, beta2, epsilon } = coefficients
    const { rate, root } = biasCorrection(coefficients)
    return updates.map(update =>
      composeAll(o => {
        const g = decayed(o, update, coefficients, factor)
        const first = average(o, beta1, update.first, g)
        const second = average(o, beta2, update.second, o.mul(g, g))
        const size = o.add(o.mul(o.unary('Sqrt', second), o.scalar(root)), o.scalar(epsilon))
        return { parameter: moved(o, update, rate, o.div(first, size)), first, second }
      }),
    )
  },
})
