import { type Backend, formatShape, ShapeError, sizeOf } from '@cpnas/backends'
import { type Estimator, type EstimatorName, reconstruct, type Scale, type ScaleName } from '@cpnas/binarize'

/** How filters are reconstructed, and what the gradient through it is. */
export interface FilterLossOptions {
  /**
   * What stands in for the derivative of sign in H^: a straight-through estimator, or 'none' for the derivative itself, 0.
   * Default 'clipped-identity', as in `reconstruct`. Not stated in the source.
   */
  readonly estimator?: EstimatorName | Estimator | 'none'
  /** Scale of H^, to be that of the network. Default 'channel'. */
  readonly scale?: ScaleName | Scale
}

/** The derivative of sign itself. */
const none: Estimator = { description: '0', derivative: (backend, x) => backend.mul(x, 0) }

/** ShapeError if there are not as many targets as filters, of the same shapes. */
const checkTargets = <T>(backend: Backend<T>, filters: readonly T[], targets: readonly T[]): void => {
  const shapesOf = (tensors: readonly T[]): string => tensors.map(x => formatShape(backend.shape(x))).join(' ')
  if (shapesOf(filters) !== shapesOf(targets))
    throw new ShapeError(`filterLoss: targets must be ${shapesOf(filters)}, got ${shapesOf(targets)}`)
}

/**
 * Sum over layers l and filters c of MSE(H, H^), shape [], of the latent filters H of 1-bit layers, [kh, kw, cin, cout] or
 * [kh, kw, channels], and what the network computes with, H^ = alpha * sign(H). A filter is what makes one output channel,
 * and its MSE is the mean over its n = kh * kw * cin (or kh * kw) values; how the MSE is normalized is not stated in the
 * source. 0 of no layers.
 *
 * The gradient flows to H directly, through alpha and, by the estimator, through sign:
 * dH = 2 / n * (H - H^) * (1 - alpha * ste(H)). The part through alpha is 0, for alpha = mean |H| is where the MSE is least.
 * With 'none' ste is 0 and dH is the derivative of the loss wherever H is not 0. An estimator makes it smaller, and turns it
 * round where alpha * ste > 1, which on latent weights clipped to [-1, 1] happens with 'polynomial' only.
 *
 * With `targets`, the Parent's filters, it is the sum of MSE(P, H^) instead: H is the Parent's filter P, and the Child's reconstructed one is
 * drawn to it. No gradient flows to P.
 * Source: CP-NAS, the first term of L_H, whose symbols allow both readings.
 */
export const filterLoss = <T>(
  backend: Backend<T>,
  filters: readonly T[],
  { estimator = 'clipped-identity', scale = 'channel' }: FilterLossOptions = {},
  targets?: readonly T[],
): T => {
  if (targets !== undefined) checkTargets(backend, filters, targets)
  const options = { estimator: estimator === 'none' ? none : estimator, scale }
  return backend.scope(() => {
    const layers = filters.map((latent, i) => {
      const shape = backend.shape(latent)
      const original = targets === undefined ? latent : backend.stopGradient(targets[i]!)
      const difference = backend.sub(original, reconstruct(backend, latent, options))
      return backend.mul(backend.sum(backend.mul(difference, difference)), 1 / sizeOf(shape.slice(0, -1)))
    })
    return layers.length === 0 ? backend.full(0) : layers.reduce((a, b) => backend.add(a, b))
  })
}
