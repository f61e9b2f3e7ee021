import type { Kernels } from '../kernels.js'
import type { ReferenceTensor, Store } from './tensor.js'

export const optimizing = ({ make, values }: Store): Pick<Kernels<ReferenceTensor>, 'squaredNorm' | 'sgdStep'> => ({
  squaredNorm: xs => {
    const total = xs.reduce((sum, x) => values(x).reduce((sum, v) => sum + v * v, sum), 0)
    return make(Float64Array.of(total), [])
  },
  sgdStep: (updates, { learningRate, momentum, weightDecay }, factor) => {
    const scale = factor === undefined ? 1 : values(factor)[0]!
    return updates.map(({ parameter, gradient, velocity, limit = Number.POSITIVE_INFINITY }) => {
      const before = values(parameter)
      const decayed = values(gradient).map((g, i) => g * scale + weightDecay * before[i]!)
      const last = velocity && values(velocity)
      const next = last ? decayed.map((g, i) => momentum * last[i]! + g) : decayed
      const after = before.map((p, i) => Math.max(Math.min(p - learningRate * next[i]!, limit), -limit))
      return { parameter: make(after, parameter.shape), velocity: make(next, parameter.shape) }
    })
  },
})
