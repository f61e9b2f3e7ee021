import type { Backend } from '@cpnas/backends'

/**
 * Latent weights stay in [-latentLimit, latentLimit]: beyond 1 the estimators pass no gradient, so that a weight that drifts
 * away could not come back. Source: BinaryNet, and larq's guide.
 */
export const latentLimit = 1

/** Latent weights clipped to [-latentLimit, latentLimit], for after an update that did not do so (`sgdStep` and `adamStep` of a Backend can). */
export const clipLatent = <T>(backend: Backend<T>, weights: T): T =>
  backend.max(backend.min(weights, latentLimit), -latentLimit)
