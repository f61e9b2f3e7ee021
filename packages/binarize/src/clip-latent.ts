import type { Backend } from '@cpnas/backends'

/**
 * Latent weights clipped to [-1, 1], for after an update: beyond 1 the estimators pass no gradient, so that a weight that
 * drifts away could not come back. Source: BinaryNet, and larq's guide.
 */
export const clipLatent = <T>(backend: Backend<T>, weights: T): T => backend.max(backend.min(weights, 1), -1)
