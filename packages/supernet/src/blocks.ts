import { type Activation, type Backend, type Normalization, ShapeError, type TensorRecord } from '@cpnas/backends'
import { reconstruct, signActivation } from '@cpnas/binarize'
import { edgeName, inputName, type NetworkKind, strideOf } from './layers.js'
import { type Operation, type Separable, separableOf } from './operations.js'
import type { CellPlan, NetworkSpec } from './spec.js'

/** What an edge adds to its node; the normalization at its end is done in the sum. */
export interface Term<T> {
  readonly x: T
  readonly normalization?: Normalization<T>
}

/** How a block computes: the Child's way or the Parent's. */
interface Style<T> {
  readonly activation: Activation
  readonly filters: (name: string) => T
  /** What stands between a depthwise and its pointwise convolution. */
  readonly between: { readonly activation?: Activation; readonly normalization?: Normalization<T> }
}

/** The crop and pad that shift an image by one pixel, up and left, so that stride 2 meets the odd pixels. */
const shifted = { top: -1, left: -1, bottom: 1, right: 1 }

const featureAxis = 3

/** The parts a network is made of, over its parameters. */
export const blocksOver = <T>(
  spec: Required<NetworkSpec>,
  kind: NetworkKind,
  backend: Backend<T>,
  parameters: TensorRecord<T>,
) => {
  const parameter = (name: string): T => {
    const tensor = parameters[name]
    if (tensor === undefined) throw new ShapeError(`network: the parameter ${name} is missing`)
    return tensor
  }

  const parent: Style<T> = { activation: 'relu', filters: parameter, between: {} }
  const sign: Activation = signActivation(spec.estimator)
  const child: Style<T> = {
    activation: sign,
    filters: name => reconstruct(backend, parameter(name), spec),
    between: { activation: sign, normalization: {} },
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
    const pair = (input: Term<T>, suffix: string, step: number): Term<T> => {
      const depthwise = filters(`${prefix}.depthwise${suffix}`)
      const middle = backend.depthwiseConv2d(input.x, depthwise, {
        ...(input.normalization && { normalization: input.normalization }),
        activation,
        dilation,
        stride: step,
      })
      return { x: backend.conv2d(middle, filters(`${prefix}.pointwise${suffix}`), between), normalization: {} }
    }
    const once = pair({ x }, '', stride)
    const term = repeatable && spec.sepConvRepeat === 2 ? pair(once, '2', 1) : once
    return kind === 'child' && spec.prelu ? { x: prelu(backend.batchNorm(term.x), parameter(`${prefix}.slope`)) } : term
  }

  const prelu = (x: T, slope: T): T => backend.add(backend.relu(x), backend.mul(slope, backend.min(x, 0)))

  return {
    stem: (images: T): T =>
      backend.batchNorm(backend.conv2d(images, parameter('stem.filters')), {
        gamma: parameter('stem.gamma'),
        beta: parameter('stem.beta'),
      }),

    head: (features: T): T =>
      backend.add(backend.matMul(backend.mean(features, [1, 2]), parameter('head.weights')), parameter('head.bias')),

    /** A cell's input brought to its channels and resolution. */
    input: ({ index, previousReduced }: CellPlan, input: 0 | 1, x: T): T => {
      const name = inputName(index, input)
      const { activation, filters } = inputStyle
      return backend.batchNorm(
        input === 0 && previousReduced
          ? reduction(inputStyle, x, name)
          : backend.conv2d(x, filters(`${name}.pointwise`), { activation }),
      )
    },

    /** The operation of an edge on the edge's first node; undefined for `none`. */
    edge: (plan: CellPlan, edge: number, operation: Operation, x: T): Term<T> | undefined => {
      const prefix = edgeName(plan.index, edge, operation)
      const stride = strideOf(plan.kind, edge)
      const convolution = separableOf(operation)
      if (convolution) return separable(convolution, x, prefix, stride)
      switch (operation) {
        case 'skip_connect':
          return stride === 1 ? { x } : { x: reduction(style, x, prefix), normalization: {} }
        case 'max_pool_3x3':
          return { x: backend.maxPool(x, 3, { stride }), normalization: {} }
        case 'avg_pool_3x3':
          return { x: backend.avgPool(x, 3, { stride }), normalization: {} }
        default:
          return undefined
      }
    },
  }
}

export type Blocks<T> = ReturnType<typeof blocksOver<T>>
