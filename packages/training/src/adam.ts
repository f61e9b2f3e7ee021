import type { Backend, TensorRecord } from '@cpnas/backends'
import type { Learner, Optimizer, UpdateOptions } from './optimizer.js'

export interface AdamOptions {
  /** Default 0.9, as in the paper. */
  readonly beta1?: number
  /** Default 0.999, as in the paper. */
  readonly beta2?: number
  /** Default 1e-8, as in the paper. */
  readonly epsilon?: number
  /** L2 penalty on every parameter, into the gradient. Default 0. */
  readonly weightDecay?: number
}

/**
 * Adam (arXiv 1412.6980) in the order of torch.optim.Adam, made of the algebra's operations, some ten a parameter:
 * g += weightDecay * p; m = beta1 * m + (1 - beta1) * g; v = beta2 * v + (1 - beta2) * g^2;
 * p -= learningRate / (1 - beta1^step) * m / (sqrt(v) / sqrt(1 - beta2^step) + epsilon). Slots: `first`, `second`.
 * RangeError without the option `step`, the count of updates from 1.
 */
export const adam = ({ beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0 }: AdamOptions = {}): Optimizer => ({
  init: () => ({ first: {}, second: {} }),
  update: <T>(
    backend: Backend<T>,
    gradients: TensorRecord<T>,
    { parameters, state }: Learner<T>,
    { learningRate, factor, limits = {}, step }: UpdateOptions<T>,
  ): Learner<T> => {
    if (step === undefined) throw new RangeError('adam: the step is missing')
    const mix = (decay: number, old: T | undefined, x: T): T =>
      old === undefined ? backend.mul(x, 1 - decay) : backend.linearCombination(decay, old, 1 - decay, x)
    const updated = Object.entries(gradients).map(([name, gradient]) => {
      const before = parameters[name]!
      const scaled = factor === undefined ? gradient : backend.mul(gradient, factor)
      const g = weightDecay === 0 ? scaled : backend.linearCombination(1, scaled, weightDecay, before)
      const first = mix(beta1, state.first?.[name], g)
      const second = mix(beta2, state.second?.[name], backend.mul(g, g))
      const deviation = backend.add(backend.div(backend.sqrt(second), Math.sqrt(1 - beta2 ** step)), epsilon)
      const direction = backend.div(first, deviation)
      const moved = backend.linearCombination(1, before, -learningRate / (1 - beta1 ** step), direction)
      const limit = limits[name]
      const parameter = limit === undefined ? moved : backend.max(backend.min(moved, limit), -limit)
      return { name, parameter, first, second }
    })
    const record = (part: 'parameter' | 'first' | 'second'): TensorRecord<T> =>
      Object.fromEntries(updated.map(one => [one.name, one[part]]))
    return {
      parameters: { ...parameters, ...record('parameter') },
      state: {
        ...state,
        first: { ...state.first, ...record('first') },
        second: { ...state.second, ...record('second') },
      },
    }
  },
})
