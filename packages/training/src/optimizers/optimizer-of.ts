import { adam } from './adam.js'
import type { Optimizer } from './optimizer.js'
import { sgd } from './sgd.js'

/** An optimizer by name, with its coefficients. */
export interface OptimizerConfig {
  readonly optimizer: 'sgd' | 'adam'
  /** Of SGD; for Adam its beta1. */
  readonly momentum: number
  /** Adam's beta2. Default 0.999, as in the paper. */
  readonly beta2?: number
  /** L2 penalty on every parameter. */
  readonly weightDecay: number
}

/** The optimizer of a configuration. */
export const optimizerOf = ({ optimizer, momentum, beta2 = 0.999, weightDecay }: OptimizerConfig): Optimizer =>
  optimizer === 'adam' ? adam({ beta1: momentum, beta2, weightDecay }) : sgd({ momentum, weightDecay })
