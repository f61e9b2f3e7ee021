import type { Backend, SignActivation } from '@cpnas/backends'

/** A straight-through estimator: a substitute for the derivative of the sign, which is 0 almost everywhere. */
export interface Estimator {
  /** What it does, in one line. */
  readonly description: string
  /** Its value at every x; not differentiable itself. */
  readonly derivative: <T>(backend: Backend<T>, x: T) => T
  /** The engines' fused operation that computes the same. Default: none, the sign is composed of other operations. */
  readonly activation?: SignActivation
}

const clippedIdentity: Estimator = {
  description: '1 where |x| <= 1, 0 elsewhere (BinaryNet, Hubara et al. 2016)',
  derivative: (backend, x) => backend.lessEqual(backend.abs(x), 1),
  activation: 'sign',
}

const polynomial: Estimator = {
  description: '2 - 2|x| where |x| < 1, 0 elsewhere (Bi-Real net, Liu et al. 2018)',
  derivative: (backend, x) => backend.max(backend.sub(2, backend.mul(2, backend.abs(x))), 0),
  activation: 'sign-polynomial',
}

/** Every estimator by name. To add one, add its record here. */
export const estimators = { 'clipped-identity': clippedIdentity, polynomial } satisfies Readonly<
  Record<string, Estimator>
>

/** The name of an estimator. */
export type EstimatorName = keyof typeof estimators

/** The estimator of a name; a record of your own is passed on as it is. */
export const estimatorOf = (estimator: EstimatorName | Estimator): Estimator =>
  typeof estimator === 'string' ? estimators[estimator] : estimator

/**
 * +1 where x >= 0 and -1 elsewhere, so sign(0) = +1; its gradient is that of the straight-through estimator. As the
 * activation of a convolution it is cheaper fused: `activation: 'sign'` or `'sign-polynomial'` of the backend's
 * convolutions compute the same.
 */
export const sign = <T>(backend: Backend<T>, x: T, estimator: EstimatorName | Estimator = 'clipped-identity'): T =>
  backend.customGrad(operand => ({
    value: backend.sign(operand!),
    gradient: dy => [backend.mul(dy, estimatorOf(estimator).derivative(backend, operand!))],
  }))(x)
