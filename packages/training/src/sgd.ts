import type { Optimizer } from './optimizer.js'

export interface SgdOptions {
  /** Default 0.9, as in DARTS (arXiv 1806.09055). */
  readonly momentum?: number
  /** L2 penalty on every parameter. Default 3e-4, as in DARTS. */
  readonly weightDecay?: number
}

/**
 * Stochastic gradient descent with momentum and weight decay, in PyTorch's order:
 * g += weightDecay * p; v = momentum * v + g; p -= learningRate * v. A parameter's first v is its g. Slot: `velocity`.
 */
export const sgd = ({ momentum = 0.9, weightDecay = 3e-4 }: SgdOptions = {}): Optimizer => ({
  init: () => ({ velocity: {} }),
  update: (backend, gradients, { parameters, state }, learningRate) => {
    const updates = Object.entries(gradients).map(([name, gradient]) => {
      const parameter = parameters[name]!
      const before = state.velocity?.[name]
      const decayed =
        weightDecay === 0 && before !== undefined
          ? gradient
          : backend.linearCombination(1, gradient, weightDecay, parameter)
      const velocity = before === undefined ? decayed : backend.linearCombination(momentum, before, 1, decayed)
      return { name, velocity, parameter: backend.linearCombination(1, parameter, -learningRate, velocity) }
    })
    return {
      parameters: { ...parameters, ...Object.fromEntries(updates.map(u => [u.name, u.parameter])) },
      state: {
        ...state,
        velocity: { ...state.velocity, ...Object.fromEntries(updates.map(u => [u.name, u.velocity])) },
      },
    }
  },
})
