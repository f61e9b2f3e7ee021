import { type Backend, formatShape, ShapeError, sameShape } from '@cpnas/backends'

/**
 * The mean over samples s and over the values of a feature map of (f(s) - p(s))^2 / 2, shape []: f are the Child's last convolutional feature
 * maps, p those of its Parent for the same samples, both [n, h, w, c]. No gradient flows to p. ShapeError if they differ in shape.
 * Source: CP-NAS, the second term of L_H, read so that the Parent teaches the Child; a mean as in `compactnessLoss`.
 */
export const featureLoss = <T>(backend: Backend<T>, features: T, parent: T): T => {
  const [own, other] = [backend.shape(features), backend.shape(parent)]
  if (!sameShape(own, other))
    throw new ShapeError(`featureLoss: the Parent's features must be ${formatShape(own)}, got ${formatShape(other)}`)
  return backend.scope(() => {
    const difference = backend.sub(features, backend.stopGradient(parent))
    return backend.mul(backend.mean(backend.mul(difference, difference)), 1 / 2)
  })
}
