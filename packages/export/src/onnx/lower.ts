import { type Activation, type BinaryOperation, type Geometry, sameShape } from '@cpnas/backends'
import type { Graph } from '../graph.js'
import type {
  AffineSum,
  Binary,
  Concat,
  Constant,
  Convolution,
  DepthwiseConvolution,
  Node,
  Pooling,
  Sum,
} from '../graph-nodes.js'
import type { Builder } from './builder.js'
import { axisOf, channelsFirst, filtersOf, magnitudesOf, windowOf } from './layout.js'

type Factors = Float64Array | Float32Array

const refuse = (operation: string): never => {
  throw new Error(`export: a network with ${operation} cannot be exported to ONNX yet`)
}

const operandsOf = (node: Node): readonly Node[] => {
  switch (node.kind) {
    case 'images':
    case 'constant':
      return []
    case 'binary':
    case 'matMul':
      return [node.a, node.b]
    case 'concat':
      return node.xs
    case 'affineSum':
      return node.terms.map(({ x }) => x)
    default:
      return [node.x]
  }
}

/** How often each operation that `scores` hangs on is an operand. */
const usesOf = (scores: Node): ReadonlyMap<Node, number> => {
  const uses = new Map<Node, number>()
  const visit = (node: Node): void => {
    for (const operand of operandsOf(node)) {
      const before = uses.get(operand) ?? 0
      uses.set(operand, before + 1)
      if (before === 0) visit(operand)
    }
  }
  visit(scores)
  return uses
}

const operators: Readonly<Partial<Record<BinaryOperation, string>>> = {
  add: 'Add',
  sub: 'Sub',
  mul: 'Mul',
  div: 'Div',
  max: 'Max',
  min: 'Min',
}

/**
 * The graph's scores by ONNX operators on maps [batch, channels, height, width]. Normalizations go into the filters and the bias of
 * the convolution that they follow, but not into 1-bit filters: these stay +1 and -1, with what they are scaled by after them.
 * Throws an Error that names an operation that no network has yet.
 */
export const lower = ({ scores }: Graph, images: string, { apply, constant, integers }: Builder): string => {
  const uses = usesOf(scores)
  const once = (node: Node): boolean => uses.get(node) === 1
  const values = new Map<Node, string>()

  const value = (node: Node): string => {
    const known = values.get(node)
    if (known !== undefined) return known
    const made = make(node)
    values.set(node, made)
    return made
  }

  const make = (node: Node): string => {
    switch (node.kind) {
      case 'images':
        return images
      case 'constant':
        return filled(node)
      case 'conv2d':
      case 'depthwiseConv2d':
        return convolution(node)
      case 'maxPool':
      case 'avgPool':
        return pooling(node)
      case 'affineSum':
        return affineSum(node)
      case 'prelu':
        return apply('PRelu', [value(node.x), constant([node.slope.shape[0]!, 1, 1], node.slope.values)])
      case 'unary':
        return node.operation === 'relu' || node.operation === 'sign'
          ? activated(node.operation, node.x)
          : refuse(node.operation)
      case 'binary':
        return elementwise(node)
      case 'concat':
        return concat(node, node.xs.map(value))
      case 'sum':
        return sum(node)
      case 'matMul':
        return apply('MatMul', [value(node.a), matrix(node.b)])
    }
  }

  /** A constant as large as a map of every image of the batch. */
  const filled = ({ shape, values }: Constant): string => {
    if (shape.length !== 4 || values.some(v => v !== values[0])) return refuse('a constant for a map')
    const batch = apply('Slice', [apply('Shape', [images]), integers([0]), integers([1])])
    const size = apply('Concat', [batch, integers(channelsFirst(shape).slice(1))], { axis: 0 })
    return apply('Expand', [constant([1, 1, 1, 1], [values[0]!]), size])
  }

  const concat = ({ axis, shape }: Concat, parts: readonly string[]): string =>
    apply('Concat', parts, { axis: axisOf(axis, shape.length) })

  /** x * scale + shift per channel. */
  const affine = (x: string, scale: Factors | undefined, shift: Factors | undefined): string => {
    const perChannel = (factors: Factors) => constant([factors.length, 1, 1], factors)
    const scaled = scale ? apply('Mul', [x, perChannel(scale)]) : x
    return shift ? apply('Add', [scaled, perChannel(shift)]) : scaled
  }

  /** The operation's value * scale + shift per channel, as a part of it where it can be. */
  const transformed = (node: Node, scale: Factors | undefined, shift: Factors | undefined): string => {
    if (once(node) && isConvolution(node)) return convolution(node, scale, shift)
    if (once(node) && node.kind === 'concat' && axisOf(node.axis, node.shape.length) === 1) {
      let end = 0
      return concat(
        node,
        node.xs.map(x => {
          const begin = end
          end += x.shape.at(-1)!
          return transformed(x, scale?.subarray(begin, end), shift?.subarray(begin, end))
        }),
      )
    }
    return affine(value(node), scale, shift)
  }

  const affineSum = ({ terms, shift }: AffineSum): string => {
    const takes = Math.max(
      0,
      terms.findIndex(({ x, scale }) => scale !== undefined && (isConvolution(x) || x.kind === 'concat')),
    )
    const parts = terms.map(({ x, scale }, i) => transformed(x, scale?.values, i === takes ? shift?.values : undefined))
    return parts.length === 1 ? parts[0]! : apply('Sum', parts)
  }

  /** The activation of a concatenation is that of its parts, which others may need too. */
  const activated = (activation: Activation, x: Node): string => {
    if (activation === 'identity') return value(x)
    if (x.kind === 'concat')
      return concat(
        x,
        x.xs.map(part => activated(activation, part)),
      )
    return activate(activation, value(x))
  }

  /** The sign of 0 is +1, which that of ONNX is not. */
  const activate = (activation: Activation, x: string): string =>
    activation === 'identity'
      ? x
      : activation === 'relu'
        ? apply('Relu', [x])
        : apply('Where', [apply('GreaterOrEqual', [x, number(0)]), number(1), number(-1)])

  const number = (value: number): string => constant([], [value])

  const convolution = (
    { kind, x, filters, geometry, prologue: { activation, affine: before } }: Convolution | DepthwiseConvolution,
    scale?: Factors,
    shift?: Factors,
  ): string => {
    const input = before
      ? activate(activation, transformed(x, before.scale.values, before.shift.values))
      : activated(activation, x)
    const window = {
      ...windowOf(geometry),
      ...(kind === 'depthwiseConv2d' && { group: geometry.outChannels }),
    }
    const convolve = (factor: (output: number) => number, bias?: Factors): string => {
      const { shape, values } = filtersOf(filters, factor)
      return apply(
        'Conv',
        [cropped(input, geometry), constant(shape, values), ...(bias ? [constant([bias.length], bias)] : [])],
        window,
      )
    }
    const magnitudes = activation.startsWith('sign') ? magnitudesOf(filters) : undefined
    return magnitudes
      ? affine(
          convolve(output => 1 / (magnitudes[output]! || 1)),
          magnitudes.map((magnitude, output) => magnitude * (scale?.[output] ?? 1)),
          shift,
        )
      : convolve(output => scale?.[output] ?? 1, shift)
  }

  /** Without the rows and columns that lie before the window's first place. */
  const cropped = (x: string, { padTop, padLeft, inHeight, inWidth }: Geometry): string =>
    padTop >= 0 && padLeft >= 0
      ? x
      : apply('Slice', [
          x,
          integers([Math.max(0, -padTop), Math.max(0, -padLeft)]),
          integers([inHeight, inWidth]),
          integers([2, 3]),
        ])

  const pooling = ({ kind, x, geometry }: Pooling): string =>
    apply(kind === 'maxPool' ? 'MaxPool' : 'AveragePool', [cropped(value(x), geometry)], windowOf(geometry))

  const sum = ({ x, axes }: Sum): string =>
    apply('ReduceSum', [value(x), integers(axes.map(axis => axisOf(axis, x.shape.length)))], { keepdims: 0 })

  const elementwise = ({ operation, a, b, shape }: Binary): string => {
    const operator = operators[operation] ?? refuse(operation)
    if (operation === 'mul' && isMean(a, b)) return apply('Flatten', [apply('GlobalAveragePool', [value(a.x)])])
    if (operation === 'add' && a.kind === 'matMul' && once(a) && b.kind === 'constant' && b.shape.length === 1)
      return apply('Gemm', [value(a.a), matrix(a.b), constant(b.shape, b.values)])
    const operand = (node: Node): string => {
      if (node.kind !== 'constant' || node.shape.length > 1) return value(node)
      return constant(shape.length === 4 && node.shape.length === 1 ? [node.shape[0]!, 1, 1] : node.shape, node.values)
    }
    return apply(operator, [operand(a), operand(b)])
  }

  const matrix = (node: Node): string => (node.kind === 'constant' ? constant(node.shape, node.values) : value(node))

  return value(scores)
}

const isConvolution = (node: Node): node is Convolution | DepthwiseConvolution =>
  node.kind === 'conv2d' || node.kind === 'depthwiseConv2d'

/** Whether a * b is the mean over the pixels of a map. */
const isMean = (a: Node, b: Node): a is Sum => {
  if (a.kind !== 'sum' || a.x.shape.length !== 4 || !sameShape(a.axes, [1, 2])) return false
  const [, height, width] = a.x.shape
  return (
    b.kind === 'constant' && b.shape.length === 0 && Math.fround(b.values[0]!) === Math.fround(1 / (height! * width!))
  )
}
