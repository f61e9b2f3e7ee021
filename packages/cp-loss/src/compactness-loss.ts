import { type Backend, sizeOf } from '@cpnas/backends'
import type { Centers } from './centers.js'
import { deviations } from './deviations.js'

/**
 * The mean over samples s and over the values of a feature map of (f(s) - fbar(class of s))^2 / 2, shape []: features f
 * [n, h, w, c] are the last convolutional feature map, `labels` [n] class indices, fbar the means of `centers`. A mean, so that its
 * weight lambda does not depend on the batch and the map; the source has a sum, whose weight is this one's over n * h * w * c. A
 * sample of a class of which no sample has been seen counts as 0 (not stated in the source).
 *
 * The gradient to the features is (f - fbar) / (n * h * w * c); none flows to the means. Whether they include the batch is up to
 * the caller: `cpLoss` updates them first. ShapeError if features, labels and centers do not fit.
 * Source: CP-NAS, the second term of L_H.
 */
export const compactnessLoss = <T>(backend: Backend<T>, features: T, labels: T, centers: Centers<T>): T =>
  backend.scope(() => {
    const { members, deviation } = deviations(backend, 'compactnessLoss', features, labels, centers)
    const [n = 0, classes = 0] = backend.shape(members)
    const seen = backend.reshape(backend.lessEqual(1, centers.counts), [classes, 1])
    const counted = backend.reshape(backend.matMul(members, seen), [n])
    const distances = backend.sum(backend.mul(deviation, deviation), [1])
    const half = backend.mul(backend.sum(backend.mul(distances, counted)), 1 / 2)
    return backend.mul(half, 1 / sizeOf(backend.shape(features)))
  })
