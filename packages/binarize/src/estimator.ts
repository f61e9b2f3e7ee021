import type { Backend, SignActivation } from '@cpnas/backends'

/**
 * What stands in for the derivative of sign(x). `clipped-identity`: 1 where |x| <= 1, 0 elsewhere (BinaryNet,
 * Hubara et al. 2016). `polynomial`: 2 - 2|x| where |x| < 1, 0 elsewhere (Bi-Real net, Liu et al. 2018).
 */
export type Estimator = 'clipped-identity' | 'polynomial'

/** The name that the backend's fused operations have for a sign with this estimator. */
export const signActivation = (estimator: Estimator): SignActivation =>
  estimator === 'polynomial' ? 'sign-polynomial' : 'sign'

/** The estimator's value wherever |x| is given as `magnitude`; not differentiable itself. */
const estimate = <T>(backend: Backend<T>, magnitude: T, estimator: Estimator): T =>
  estimator === 'clipped-identity'
    ? backend.lessEqual(magnitude, 1)
    : backend.max(backend.sub(2, backend.mul(2, magnitude)), 0)

/**
 * +1 where x >= 0 and -1 elsewhere, so sign(0) = +1; its gradient is that of the straight-through estimator. As the
 * activation of a convolution it is cheaper fused: `activation: 'sign'` or `'sign-polynomial'` of the backend's
 * convolutions compute the same.
 */
export const sign = <T>(backend: Backend<T>, x: T, estimator: Estimator = 'clipped-identity'): T =>
  backend.customGrad(operand => ({
    value: backend.sign(operand!),
    gradient: dy => [backend.mul(dy, estimate(backend, backend.abs(operand!), estimator))],
  }))(x)
