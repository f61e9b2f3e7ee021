import { type Backend, sizeOf } from '@cpnas/backends'
import type { Centers } from './centers.js'
import { deviations } from './deviations.js'

/**
 * The centers of the samples seen so far and of a batch: features [n, h, w, c], class indices [n]. With m samples of a class
 * in the batch and k in all, mean + sum(f - mean) / k over the m, so the mean of all k whatever the batches were, up to
 * rounding; all samples weigh the same. No gradient flows through it. New tensors; those given stay the caller's.
 * Source: CP-NAS ("running mean"); that it never forgets or begins anew is not stated in the source.
 */
export const updateCenters = <T>(backend: Backend<T>, centers: Centers<T>, features: T, labels: T): Centers<T> =>
  backend.scope(() => {
    const { members, deviation } = deviations(backend, 'updateCenters', backend.stopGradient(features), labels, centers)
    const shape = backend.shape(centers.means)
    const [classes = 0, ...map] = shape
    const counts = backend.add(backend.stopGradient(centers.counts), backend.sum(members, [0]))
    const sums = backend.matMul(backend.transpose(members, [1, 0]), deviation)
    const steps = backend.div(sums, backend.reshape(backend.max(counts, 1), [classes, 1]))
    const before = backend.reshape(backend.stopGradient(centers.means), [classes, sizeOf(map)])
    return { counts, means: backend.reshape(backend.add(before, steps), shape) }
  })
