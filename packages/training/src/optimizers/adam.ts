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
 * p -= learningRate / (1 - beta1^step) * m / (sqrt(v) / sqrt(1 - beta2^step) + epsilon). Slots: `first`, `second`.
 * RangeError without the option `step`, the count of updates from 1.
 */
export const adam = ({ beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0 }: AdamOptions = {}): Optimizer => ({
  init: () => ({ first: {}, second: {} }),
  update: (backend, gradients, learner, options) => {
    const { learningRate, step, factor } = options
    if (step === undefined) throw new RangeError('adam: the step is missing')
    if (!(step >= 1)) throw new RangeError(`adam: steps are counted from 1, got ${step}`)
    return updateAll(['first', 'second'], gradients, learner, options, updates =>
      backend.adamStep(updates, { learningRate, beta1, beta2, epsilon, weightDecay, step }, factor),
    )
  },
})
