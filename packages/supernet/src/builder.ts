import { type Activation, type Backend, type Shape, ShapeError, type TensorRecord } from '@cpnas/backends'
import { estimatorOf, reconstruct, sign } from '@cpnas/binarize'
import type { ForwardMode } from './forward-mode.js'
import type { Builder, ConvolutionOptions, NetworkKind, NetworkSpec, Parameter } from './space.js'

/** Channels of a feature map. */
const channelsOf = <T>(backend: Backend<T>, x: T): number => backend.shape(x).at(-1)!

/** A builder over parameters, which `parameter` finds. `given`: the Child's filters are used as they are. */
export const builderOver = <T>(
  spec: Required<NetworkSpec>,
  kind: NetworkKind,
  given: boolean,
  backend: Backend<T>,
  parameter: (parameter: Parameter) => T,
  { statistics, observe }: Pick<ForwardMode<T>, 'statistics' | 'observe'>,
): Builder<T> => {
  const estimator = estimatorOf(spec.estimator)

  const filters = (name: string, shape: Shape, binary: boolean): T => {
    const latent = parameter({ name, kind: shape.length === 4 ? 'conv' : 'depthwise', shape, binary })
    return binary && kind === 'child' && !given ? reconstruct(backend, latent, spec) : latent
  }

  const convolve = (
    name: string,
    x: T,
    shape: Shape,
    { size: _, precision = 'binary', activation = 'relu', normalization: before, ...window }: ConvolutionOptions<T>,
  ): T => {
    const apply = shape.length === 4 ? backend.conv2d : backend.depthwiseConv2d
    const binary = precision === 'binary'
    const weights = filters(name, shape, binary)
    const fused = (enters: Activation): T =>
      apply(x, weights, { ...window, activation: enters, ...(before && { normalization: before }) })
    if (!binary || kind === 'parent') return fused(activation)
    if (estimator.activation) return fused(estimator.activation)
    return apply(sign(backend, before ? backend.batchNorm(x, before) : x, estimator), weights, window)
  }

  const vector = (name: string, size: number): T => parameter({ name, kind: 'vector', shape: [size], binary: false })

  return {
    backend,
    spec,
    kind,
    vector,
    convolution: (name, x, channels, options = {}) => {
      const { size = 1 } = options
      return convolve(name, x, [size, size, channelsOf(backend, x), channels], options)
    },
    depthwiseConvolution: (name, x, options = {}) => {
      const { size = 1 } = options
      return convolve(name, x, [size, size, channelsOf(backend, x)], options)
    },
    pool: (kind, x, size, options) => backend[kind](x, size, options),
    normalization: (name, channels, learned = spec.affine) => ({
      ...(learned && { gamma: vector(`${name}.gamma`, channels), beta: vector(`${name}.beta`, channels) }),
      ...(statistics && {
        statistics: {
          mean: named(statistics, `${name}.mean`, 'statistic'),
          variance: named(statistics, `${name}.variance`, 'statistic'),
        },
      }),
      ...(observe && { observe: moments => observe(name, moments) }),
    }),
    prelu: (name, x) => backend.prelu(x, vector(name, channelsOf(backend, x))),
    classifier: (name, features) => {
      const shape = [channelsOf(backend, features), spec.classes]
      const weights = parameter({ name: `${name}.weights`, kind: 'dense', shape, binary: false })
      const bias = vector(`${name}.bias`, spec.classes)
      return backend.add(backend.matMul(backend.mean(features, [1, 2]), weights), bias)
    },
  }
}

/** A builder that computes the same pooling of the same x once, as long as the tensors that it has made are not freed. */
export const sharingPools = <T>(build: Builder<T>): Builder<T> => {
  const pooled = new Map<T, Map<string, T>>()
  return {
    ...build,
    pool: (kind, x, size, options) => {
      const ofX = pooled.get(x) ?? new Map<string, T>()
      pooled.set(x, ofX)
      const key = JSON.stringify([kind, size, options])
      const y = ofX.get(key) ?? build.pool(kind, x, size, options)
      ofX.set(key, y)
      return y
    },
  }
}

/** The tensor of a record; ShapeError names one that is missing. */
export const named = <T>(tensors: TensorRecord<T>, name: string, what: 'parameter' | 'statistic'): T => {
  const tensor = tensors[name]
  if (tensor === undefined) throw new ShapeError(`network: the ${what} ${name} is missing`)
  return tensor
}
