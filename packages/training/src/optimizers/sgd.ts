import type { Optimizer } from './optimizer.js'
import { updateAll } from './update-all.js'

/** Momentum and penalty. */
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
  counts: false,
  update: (backend, gradients, learner, options) =>
    updateAll(['velocity'], gradients, learner, options, updates =>
      backend.sgdStep(updates, { learningRate: options.learningRate, momentum, weightDecay }, options.factor),
    ),
})
