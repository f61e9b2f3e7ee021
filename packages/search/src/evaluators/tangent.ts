import type { Backend, TensorRecord } from '@cpnas/backends'

/** The mean outer product [n, n] of the gradients so far, each as a vector of n numbers; and how many there were. */
export interface Covariance<T> {
  readonly mean: T | undefined
  readonly count: number
}

/** The covariance before the first gradient. */
export const noCovariance = { mean: undefined, count: 0 } as const

/** A record as one column [n, 1], in the order of its names. */
const columnOf = <T>(backend: Backend<T>, record: TensorRecord<T>): T =>
  backend.concat(
    Object.values(record).map(x => backend.reshape(x, [backend.shape(x).reduce((a, b) => a * b, 1), 1])),
    0,
  )

/** The inverse of `columnOf`, for a record with these names and shapes. */
const recordOf = <T>(backend: Backend<T>, column: T, like: TensorRecord<T>): TensorRecord<T> => {
  let begin = 0
  return Object.fromEntries(
    Object.entries(like).map(([name, x]) => {
      const shape = backend.shape(x)
      const length = shape.reduce((a, b) => a * b, 1)
      const part = backend.slice(column, [begin, 0], [length, 1])
      begin += length
      return [name, backend.reshape(part, shape)]
    }),
  )
}

/**
 * Tangent propagation: the gradient g of the Child's loss by the architecture, with that of weight * |g - t|^2, t being the Parent's gradient, the
 * tangent direction: g + 2 weight H (g - t). The Hessian H is replaced by the mean outer product of the gradients, this one included. Source: Li et
 * al., DCP-NAS (arXiv 2306.15390), tangent propagation with the generalized Gauss-Newton matrix; its Hessian is that of one
 * step, which a single gradient would make a mere change of length, so the mean is over all gradients of the epoch (not stated in the source).
 */
export const tangentPropagation = <T>(
  backend: Backend<T>,
  gradients: TensorRecord<T>,
  tangent: TensorRecord<T>,
  { mean, count }: Covariance<T>,
  weight: number,
): { readonly gradients: TensorRecord<T>; readonly covariance: Covariance<T> } => {
  const g = columnOf(backend, gradients)
  const [n = 0] = backend.shape(g)
  const outer = backend.matMul(g, backend.reshape(g, [1, n]))
  const covariance =
    mean === undefined ? outer : backend.linearCombination(count / (count + 1), mean, 1 / (count + 1), outer)
  const away = backend.sub(g, columnOf(backend, tangent))
  const corrected = backend.linearCombination(1, g, 2 * weight, backend.matMul(covariance, away))
  return {
    gradients: recordOf(backend, corrected, gradients),
    covariance: { mean: covariance, count: count + 1 },
  }
}
