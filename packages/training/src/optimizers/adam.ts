import { zip } from 'fp-ts/lib/ReadonlyArray.js'
import type { Optimizer } from './optimizer.js'
import { updateAll } from './update-all.js'

/** Decay rates and penalty of Adam. */
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
 * Adam (arXiv 1412.6980) in the order of torch.optim.Adam:
 * g += weightDecay * p; m = beta1 * m + (1 - beta1) * g; v = beta2 * v + (1 - beta2) * g^2;
 * p -= learningRate / (1 - beta1^step) * m / (sqrt(v) / sqrt(1 - beta2^step) + epsilon). Slots: `first`, `second`. The step is that of
 * the parameter: of weights that architectures share, some are updated more often than others.
 */
export const adam = ({ beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0 }: AdamOptions = {}): Optimizer => ({
  init: () => ({ first: {}, second: {} }),
  counts: true,
  update: (backend, gradients, learner, options) => {
    const { learningRate, factor } = options
    return updateAll(['first', 'second'], gradients, learner, options, updates => {
      const steps = [...new Set(updates.map(({ number }) => number))]
      const updated = steps.flatMap(step => {
        const alike = updates.filter(({ number }) => number === step)
        const coefficients = { learningRate, beta1, beta2, epsilon, weightDecay, step }
        return zip(alike, backend.adamStep(alike, coefficients, factor))
      })
      const of = new Map(updated)
      return updates.map(update => of.get(update)!)
    })
  },
})
