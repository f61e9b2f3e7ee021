import { type Backend, type Normalization, referenceBackend, type Shape } from '@cpnas/backends'
import fc from 'fast-check'
import { data, distinct, mapData, positives } from './arbitraries.js'
import { type Inputs, tensors } from './finite-differences.js'

/** Which parts a normalization has. */
export interface NormalizationParts {
  readonly gamma: boolean
  readonly beta: boolean
  readonly fixed: boolean
  readonly epsilon: number | undefined
}

export const normalizationParts: fc.Arbitrary<NormalizationParts> = fc.record({
  gamma: fc.boolean(),
  beta: fc.boolean(),
  fixed: fc.boolean(),
  epsilon: fc.constantFrom(undefined, 0.1),
})

/** Values for gamma and beta, as far as they are there, under names that end in `suffix`. */
export const normalizationInputs = (parts: NormalizationParts, shape: Shape, seed: number, suffix = ''): Inputs => {
  const channels = shape.slice(-1)
  return {
    ...(parts.gamma ? { [`gamma${suffix}`]: mapData(v => v + 0.05, data(distinct, channels, seed + 100)) } : {}),
    ...(parts.beta ? { [`beta${suffix}`]: data(distinct, channels, seed + 101) } : {}),
  }
}

/** The normalization of an x of `shape` with gamma and beta from `x`; fixed statistics are constants. */
export const normalizationOf = <T>(
  backend: Backend<T>,
  { gamma, beta, fixed, epsilon }: NormalizationParts,
  x: Readonly<Record<string, T>>,
  shape: Shape,
  suffix = '',
): Normalization<T> => {
  const channels = shape.slice(-1)
  const constant = (fill: typeof distinct, seed: number): T => {
    const { values, shape } = data(fill, channels, seed)
    return backend.tensor(values, shape)
  }
  return {
    ...(gamma ? { gamma: x[`gamma${suffix}`]! } : {}),
    ...(beta ? { beta: x[`beta${suffix}`]! } : {}),
    ...(epsilon === undefined ? {} : { epsilon }),
    ...(fixed ? { statistics: { mean: constant(distinct, 7), variance: constant(positives, 8) } } : {}),
  }
}

/** The normalized x, or x. */
export const normalized = async (inputs: Inputs, parts: NormalizationParts | undefined): Promise<ArrayLike<number>> => {
  const { values, shape } = inputs.x!
  if (parts === undefined) return values
  const backend = referenceBackend()
  const x = tensors(backend, inputs)
  return backend.read(backend.batchNorm(x.x!, normalizationOf(backend, parts, x, shape)))
}
