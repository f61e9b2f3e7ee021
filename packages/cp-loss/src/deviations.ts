import { type Backend, formatShape, ShapeError, sameShape, sizeOf } from '@cpnas/backends'
import type { Centers } from './centers.js'

export interface Deviations<T> {
  /** 1 where a sample is of a class, 0 elsewhere: [n, classes]. */
  readonly members: T
  /** Every sample's feature map, flat, minus the mean of its class: [n, h * w * c]. The mean takes no gradient. */
  readonly deviation: T
}

/**
 * What the feature maps differ by from the means of their classes. Picking the means is a product of matrices, of
 * n * classes * h * w * c multiplications. ShapeError, naming `operation`, if features, labels and centers do not fit.
 */
export const deviations = <T>(
  backend: Backend<T>,
  operation: string,
  features: T,
  labels: T,
  { counts, means }: Centers<T>,
): Deviations<T> => {
  const [n = 0, ...map] = backend.shape(features)
  const [classes = 0] = backend.shape(counts)
  const check = (what: string, x: T, expected: readonly number[]): void => {
    const shape = backend.shape(x)
    if (!sameShape(shape, expected))
      throw new ShapeError(
        `${operation}: ${what} must be ${formatShape(expected)} for features ${formatShape([n, ...map])} and ${classes} classes, got ${formatShape(shape)}`,
      )
  }
  check('labels', labels, [n])
  check('counts', counts, [classes])
  check('means', means, [classes, ...map])
  const size = sizeOf(map)
  const indices = Array.from({ length: classes }, (_, index) => index)
  const members = backend.equal(backend.reshape(labels, [n, 1]), backend.tensor(indices, [1, classes]))
  const own = backend.matMul(members, backend.reshape(backend.stopGradient(means), [classes, size]))
  return { members, deviation: backend.sub(backend.reshape(features, [n, size]), own) }
}
