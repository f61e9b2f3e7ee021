import type { TensorRecord } from '@cpnas/backends'
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
  update: (backend, gradients, { parameters, state }, { learningRate, factor, limits = {} }) => {
    const names = Object.keys(gradients)
    const updated = backend.sgdStep(
      names.map(name => ({
        parameter: parameters[name]!,
        gradient: gradients[name]!,
        velocity: state.velocity?.[name],
        limit: limits[name],
      })),
      { learningRate, momentum, weightDecay },
      factor,
    )
    const replaced = <T>(record: TensorRecord<T>, tensors: readonly T[]): TensorRecord<T> => ({
      ...record,
      ...Object.fromEntries(names.map((name, i) => [name, tensors[i]!])),
    })
    return {
      parameters: replaced(
        parameters,
        updated.map(({ parameter }) => parameter),
      ),
      state: {
        ...state,
        velocity: replaced(
          state.velocity ?? {},
          updated.map(({ velocity }) => velocity),
        ),
      },
    }
  },
})
