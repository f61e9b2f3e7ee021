import type { Backend, TensorRecord } from '@cpnas/backends'

/** The state of an optimizer: for each of its slots (e.g. `velocity`) a tensor per parameter, by the parameter's name. */
export type OptimizerState<T> = Readonly<Record<string, TensorRecord<T>>>

/** Parameters with their optimizer state. */
export interface Learner<T> {
  readonly parameters: TensorRecord<T>
  readonly state: OptimizerState<T>
  /** How often each parameter has been updated, by its name; those that never were are absent. */
  readonly updates: Readonly<Record<string, number>>
}

/** The options of a step that all optimizers take. */
export interface UpdateOptions<T> {
  readonly learningRate: number
  /** What every gradient is multiplied by before anything else, shape []: see `clipFactor`. Default 1. */
  readonly factor?: T | undefined
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
  /** Whether an update depends on how many came before it. If so, a stored learner must keep its `updates`. */
  readonly counts: boolean
  /** The learner after one update. */
  readonly update: <T>(
    backend: Backend<T>,
    gradients: TensorRecord<T>,
    learner: Learner<T>,
    options: UpdateOptions<T>,
  ) => Learner<T>
}

/** A learner before its first update. */
export const newLearner = <T>({ init }: Optimizer, parameters: TensorRecord<T>): Learner<T> => ({
  parameters,
  state: init(),
  updates: {},
})
