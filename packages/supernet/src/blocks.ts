import { type Activation, type Backend, type Normalization, ShapeError, type TensorRecord } from '@cpnas/backends'
import { reconstruct, signActivation } from '@cpnas/binarize'
import { auxiliaryWindows, extension, type SlidingWindow } from './auxiliary.js'
import type { ForwardMode } from './forward-mode.js'
import { edgeName, inputName, type NetworkKind, strideOf } from './layer.js'
import { type Operation, type Separable, separableOf } from './operations.js'
import { type CellPlan, type NetworkSpec, stemPlans } from './spec.js'

/** What an edge adds to its node; the normalization at its end is done in the sum. */
export interface Term<T> {
  readonly x: T
  readonly normalization?: Normalization<T>
  /** Multiplies it once it is normalized. */
  readonly mask?: T
}

/** How a block computes: the Child's way or the Parent's. */
interface Style<T> {
  readonly activation: Activation
  readonly filters: (name: string) => T
  /** What stands between the depthwise convolution of that name and its pointwise one. */
  readonly between: (name: string) => { readonly activation?: Activation; readonly normalization?: Normalization<T> }
}

/** The crop and pad that shift an image by one pixel, up and left, so that stride 2 meets the odd pixels. */
const shifted = { top: -1, left: -1, bottom: 1, right: 1 }

const featureAxis = 3

/** The parts a network is made of, over its parameters. `given`: the Child's filters are used as they are. */
export const blocksOver = <T>(
  spec: Required<NetworkSpec>,
  kind: NetworkKind,
  given: boolean,
  backend: Backend<T>,
  parameters: TensorRecord<T>,
  { statistics, observe, dropPath }: ForwardMode<T>,
) => {
  const parameter = (name: string): T => {
    const tensor = parameters[name]
    if (tensor === undefined) throw new ShapeError(`network: the parameter ${name} is missing`)
    return tensor
  }

  const statistic = (name: string): T => {
    const tensor = statistics?.[name]
    if (tensor === undefined) throw new ShapeError(`network: the statistic ${name} is missing`)
    return tensor
  }

  const normalization = (name: string, learned: boolean = spec.affine): Normalization<T> => ({
    ...(learned && { gamma: parameter(`${name}.gamma`), beta: parameter(`${name}.beta`) }),
    ...(statistics && {
      statistics: { mean: statistic(`${name}.mean`), variance: statistic(`${name}.variance`) },
    }),
    ...(observe && { observe: moments => observe(name, moments) }),
  })

  const parent: Style<T> = { activation: 'relu', filters: parameter, between: () => ({}) }
  const sign: Activation = signActivation(spec.estimator)
  const child: Style<T> = {
    activation: sign,
    filters: given ? parameter : name => reconstruct(backend, parameter(name), spec),
    between: name => ({ activation: sign, normalization: normalization(name) }),
  }
  const style = kind === 'child' ? child : parent
  const inputStyle = spec.preprocessPrecision === 'binary' ? style : parent

  /** Activation, then the 1x1 convolutions of the even and of the odd pixels, side by side; not normalized. */
  const reduction = ({ activation, filters }: Style<T>, x: T, prefix: string): T =>
    backend.concat(
      [
        backend.conv2d(x, filters(`${prefix}.even`), { activation, stride: 2 }),
        backend.conv2d(x, filters(`${prefix}.odd`), { activation, stride: 2, padding: shifted }),
      ],
      featureAxis,
    )

  const separable = ({ dilation, repeatable }: Separable, x: T, prefix: string, stride: number): Term<T> => {
    const { activation, filters, between } = style
    const pair = (input: Term<T>, suffix: string, step: number): T => {
      const depthwise = filters(`${prefix}.depthwise${suffix}`)
      const middle = backend.depthwiseConv2d(input.x, depthwise, {
        ...(input.normalization && { normalization: input.normalization }),
        activation,
        dilation,
        stride: step,
      })
      return backend.conv2d(middle, filters(`${prefix}.pointwise${suffix}`), between(`${prefix}.depthwise${suffix}`))
    }
    const once = pair({ x }, '', stride)
    const last =
      repeatable && spec.sepConvRepeat === 2
        ? pair({ x: once, normalization: normalization(`${prefix}.pointwise`) }, '2', 1)
        : once
    const end = normalization(prefix)
    return kind === 'child' && spec.prelu
      ? { x: prelu(backend.batchNorm(last, end), parameter(`${prefix}.slope`)) }
      : { x: last, normalization: end }
  }

  const prelu = (x: T, slope: T): T => backend.add(backend.relu(x), backend.mul(slope, backend.min(x, 0)))

  const classify = (features: T, name: string): T =>
    backend.add(backend.matMul(backend.mean(features, [1, 2]), parameter(`${name}.weights`)), parameter(`${name}.bias`))

  const fitted = (x: T, window: SlidingWindow) => {
    const [, height, width] = backend.shape(x) as readonly [number, number, number, number]
    return { stride: window.stride, padding: extension(height, width, window) }
  }

  /** The operation of an edge, without its mask; undefined for `none`. */
  const operate = (prefix: string, operation: Operation, stride: number, x: T): Term<T> | undefined => {
    const convolution = separableOf(operation)
    if (convolution) return separable(convolution, x, prefix, stride)
    switch (operation) {
      case 'skip_connect':
        return stride === 1 ? { x } : { x: reduction(style, x, prefix), normalization: normalization(prefix) }
      case 'max_pool_3x3':
        return { x: backend.maxPool(x, 3, { stride }), normalization: normalization(prefix, false) }
      case 'avg_pool_3x3':
        return { x: backend.avgPool(x, 3, { stride }), normalization: normalization(prefix, false) }
      default:
        return undefined
    }
  }

  return {
    /** The inputs of the first cell. */
    stem: (images: T): readonly [T, T] => {
      const [first, ...others] = stemPlans(spec)
      const convolve = (x: T, { name, stride }: typeof first, activation: Activation): T =>
        backend.batchNorm(
          backend.conv2d(x, parameter(`${name}.filters`), { stride, activation }),
          normalization(name, true),
        )
      const start = convolve(images, first, 'identity')
      return others.reduce<readonly [T, T]>(([, x], plan) => [x, convolve(x, plan, 'relu')], [start, start])
    },

    head: (features: T): T => classify(features, 'head'),

    auxiliary: (features: T): T => {
      const [pool, window] = auxiliaryWindows(spec)
      const pooled = backend.avgPool(backend.relu(features), pool.size, fitted(features, pool))
      const narrow = backend.conv2d(pooled, parameter('auxiliary.0.filters'))
      const wide = backend.conv2d(narrow, parameter('auxiliary.1.filters'), {
        ...fitted(narrow, window),
        activation: 'relu',
        normalization: normalization('auxiliary.0', true),
      })
      return classify(backend.relu(backend.batchNorm(wide, normalization('auxiliary.1', true))), 'auxiliary')
    },

    /** A cell's input brought to its channels and resolution. */
    input: ({ index, previousReduced }: CellPlan, input: 0 | 1, x: T): T => {
      const name = inputName(index, input)
      const { activation, filters } = inputStyle
      return backend.batchNorm(
        input === 0 && previousReduced
          ? reduction(inputStyle, x, name)
          : backend.conv2d(x, filters(`${name}.pointwise`), { activation }),
        normalization(name),
      )
    },

    /** The operation of an edge on the edge's first node; undefined for `none`. */
    edge: (plan: CellPlan, edge: number, operation: Operation, x: T): Term<T> | undefined => {
      const name = edgeName(plan.index, edge, operation)
      const stride = strideOf(plan.kind, edge)
      const term = operate(name, operation, stride, x)
      const identity = operation === 'skip_connect' && stride === 1
      const mask = term === undefined || identity ? undefined : dropPath?.(name)
      return term && mask !== undefined ? { ...term, mask } : term
    },

    /** A node of the terms of its edges. A masked one is normalized by itself, the others within the sum. */
    node: (terms: readonly Term<T>[]): T =>
      backend.normalizedSum(
        terms.map(term => {
          const { x, normalization, mask } = term
          if (mask === undefined) return term
          return { x: backend.mul(normalization ? backend.batchNorm(x, normalization) : x, mask) }
        }),
      ),
  }
}

export type Blocks<T> = ReturnType<typeof blocksOver<T>>
