import type { Backend } from '@cpnas/backends'
import { type Estimator, type EstimatorName, estimatorOf, sign } from './estimator.js'
import { type Scale, type ScaleName, scaleOf } from './scale.js'

/** How a filter becomes 1-bit. */
export interface ReconstructOptions {
  /** Default 'clipped-identity'. */
  readonly estimator?: EstimatorName | Estimator
  /** Default 'channel'. */
  readonly scale?: ScaleName | Scale
}

/**
 * Reconstructed filters alpha * sign(H) of latent filters H, [kh, kw, cin, cout] or [kh, kw, channels]; alpha = mean |H|.
 * The gradient flows both ways, with n values an alpha and ste the estimator's value at H:
 * dH = alpha * ste * dy + sign(H) * sum(dy * sign(H)) / n, the sum over the values of the same alpha. That is the
 * gradient of the composition scale(H) * sign(H); with the estimators and scales of this package it takes one pass over the
 * filters. |H| has the derivative +1 at 0.
 * Source: CP-NAS and XNOR-Net; that alpha takes part in the gradient is not stated in CP-NAS's search.
 */
export const reconstruct = <T>(
  backend: Backend<T>,
  filters: T,
  { estimator = 'clipped-identity', scale = 'channel' }: ReconstructOptions = {},
): T => {
  const { activation } = estimatorOf(estimator)
  const { group, of } = scaleOf(scale)
  return activation && group
    ? backend.scaledSign(filters, { group, estimator: activation })
    : backend.mul(of(backend, filters), sign(backend, filters, estimator))
}
