import { biasCorrection } from '../bias-correction.js'
import type { Kernels, ParameterUpdate, StepCoefficients } from '../kernels.js'
import type { ReferenceTensor, Store } from './tensor.js'

type Optimizing = Pick<Kernels<ReferenceTensor>, 'squaredNorm' | 'sgdStep' | 'adamStep'>

export const optimizing = ({ make, values }: Store): Optimizing => {
  /** gradient * factor + weightDecay * parameter. */
  const decayed = (
    { parameter, gradient }: ParameterUpdate<ReferenceTensor>,
    { weightDecay }: StepCoefficients,
    factor: ReferenceTensor | undefined,
  ): Float64Array => {
    const before = values(parameter)
    const scale = factor === undefined ? 1 : values(factor)[0]!
    return values(gradient).map((g, i) => g * scale + weightDecay * before[i]!)
  }

  /** The parameter, moved by -rate * direction and clamped. */
  const moved = (
    { parameter, limit = Number.POSITIVE_INFINITY }: ParameterUpdate<ReferenceTensor>,
    rate: number,
    direction: (i: number) => number,
  ): ReferenceTensor => {
    const after = values(parameter).map((p, i) => Math.max(Math.min(p - rate * direction(i), limit), -limit))
    return make(after, parameter.shape)
  }

  return {
    squaredNorm: xs => {
      const total = xs.reduce((sum, x) => values(x).reduce((sum, v) => sum + v * v, sum), 0)
      return make(Float64Array.of(total), [])
    },
    sgdStep: (updates, coefficients, factor) =>
      updates.map(update => {
        const g = decayed(update, coefficients, factor)
        const last = update.velocity && values(update.velocity)
        const next = last ? g.map((g, i) => coefficients.momentum * last[i]! + g) : g
        return {
          parameter: moved(update, coefficients.learningRate, i => next[i]!),
          velocity: make(next, update.parameter.shape),
        }
      }),
    adamStep: (updates, coefficients, factor) => {
      const { beta1, beta2, epsilon } = coefficients
      const { rate, root } = biasCorrection(coefficients)
      return updates.map(update => {
        const g = decayed(update, coefficients, factor)
        const average = (beta: number, last: ReferenceTensor | undefined, x: Float64Array): Float64Array => {
          const before = last && values(last)
          return x.map((v, i) => beta * (before?.[i] ?? 0) + (1 - beta) * v)
        }
        const first = average(beta1, update.first, g)
        const second = average(
          beta2,
          update.second,
          g.map(g => g * g),
        )
        const { shape } = update.parameter
        return {
          parameter: moved(update, rate, i => first[i]! / (Math.sqrt(second[i]!) * root + epsilon)),
          first: make(first, shape),
          second: make(second, shape),
        }
      })
    },
  }
}
