import type { Backend, TensorRecord } from '@cpnas/backends'

/** The state of an optimizer: for each of its slots (e.g. `velocity`) a tensor per parameter, by the parameter's name. */
export type OptimizerState<T> = Readonly<Record<string, TensorRecord<T>>>

/** Parameters with their optimizer state. */
export interface Learner<T> {
  readonly parameters: TensorRecord<T>
  readonly state: OptimizerState<T>
}

/** The options of a step that all optimizers take. */
export interface UpdateOptions<T> {
  readonly learningRate: number
  /** What every gradient is multiplied by before anything else, shape []: see `clipFactor`. Default 1. */
  readonly factor?: T | undefined
  /** The count of updates of the learner, this one included, from 1. Adam asks for it, SGD does not look at it. */
  readonly step?: number
  /** The largest absolute value that a parameter may have after the update, by name. Default: it may have any. */
  readonly limits?: Readonly<Record<string, number>>
}

/**
 * A pair of pure functions with explicit state. `update` makes new tensors and frees none that were there before it;
 * parameters without a gradient, and their state, are passed on as they are.
 */
export interface Optimizer {
  /** The state before the first update. */
  readonly init: <T>() => OptimizerState<T>
  /** The learner after one update. */
  readonly update: <T>(
    backend: Backend<T>,
    gradients: TensorRecord<T>,
    learner: Learner<T>,
    options: UpdateOptions<T>,
  ) => Learner<T>
}
