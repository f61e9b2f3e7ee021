import type { Backend } from '@cpnas/backends'
import type { Centers } from './centers.js'
import { deviations } from './deviations.js'

/** The weight of the compactness. */
export interface CompactnessLossOptions {
  /** Default 5e-3, as in DCP-NAS. Not stated in the source. */
  readonly lambda?: number
}

/**
 * lambda / 2 * sum over samples s of || f(s) - fbar(class of s) ||^2, shape []: features f [n, h, w, c] are the last
 * convolutional feature map, `labels` [n] class indices, fbar the means of `centers`. A sum over the samples and over all
 * values of a feature map, not a mean: it grows with the batch and with the map. A sample of a class of which no sample
 * has been seen adds nothing (not stated in the source).
 *
 * The gradient to the features is lambda * (f - fbar); none flows to the means. Whether they include the batch is up to the
 * caller: `cpLoss` updates them first. ShapeError if features, labels and centers do not fit.
 * Source: CP-NAS, the second term of L_H.
 */
export const compactnessLoss = <T>(
  backend: Backend<T>,
  features: T,
  labels: T,
  centers: Centers<T>,
  { lambda = 5e-3 }: CompactnessLossOptions = {},
): T =>
  backend.scope(() => {
    const { members, deviation } = deviations(backend, 'compactnessLoss', features, labels, centers)
    const [n = 0, classes = 0] = backend.shape(members)
    const seen = backend.reshape(backend.lessEqual(1, centers.counts), [classes, 1])
    const counted = backend.reshape(backend.matMul(members, seen), [n])
    const distances = backend.sum(backend.mul(deviation, deviation), [1])
    return backend.mul(backend.sum(backend.mul(distances, counted)), lambda / 2)
  })
