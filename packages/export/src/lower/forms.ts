import type { Activation } from '@cpnas/backends'
import type { Constant, ConstantPrologue, Convolution, DepthwiseConvolution, Node } from '../graph-nodes.js'
import { refuseOperation } from '../refusal.js'

/** An addend of a sum, to be multiplied by `scale` (default 1), whose first channel is `channel` of the sum. */
export interface Addend<N extends Node> {
  readonly node: N
  readonly scale?: Float64Array
  /** What has the scale. */
  readonly from?: Constant
  readonly channel: number
}

/** How the map of a node comes about from the maps of other nodes. */
export type Form =
  | { readonly kind: 'images' }
  /** It is these, side by side: no step makes it, for whatever reads it can read several. */
  | { readonly kind: 'parts'; readonly parts: readonly Node[] }
  | { readonly kind: 'sum'; readonly addends: readonly Addend<Node>[]; readonly bias: Float64Array }
  | { readonly kind: 'prelu'; readonly x: Node; readonly slope: Constant }

export type Factors = NonNullable<ConstantPrologue['affine']>

/** A sum of products of signs, times `scale`, plus `shift`, per channel. */
export interface SignProducts {
  readonly convolution: Convolution | DepthwiseConvolution
  readonly scale: Float64Array
  readonly shift: Float64Array
}

export const isSign = (activation: Activation): boolean => activation === 'sign' || activation === 'sign-polynomial'

export const channelsOf = ({ shape }: Node): number => shape.at(-1)!

/** A sum of one map as it is is that map. */
export const resolve = (node: Node): Node => {
  if (node.kind !== 'affineSum' || node.shift !== undefined || node.terms.length !== 1) return node
  const [{ x, scale }] = node.terms as [(typeof node.terms)[number]]
  return scale === undefined ? resolve(x) : node
}

/** Two halves of a convolution are added where they belong. */
const flatten = ({ node, channel, scale, ...rest }: Addend<Node>): readonly Addend<Node>[] => {
  if (node.kind !== 'concat') return [{ ...rest, node: resolve(node), channel, ...(scale && { scale }) }]
  let first = 0
  return node.xs.flatMap(x => {
    const begin = first
    first += channelsOf(x)
    return flatten({
      ...rest,
      node: x,
      channel: channel + begin,
      ...(scale && { scale: scale.subarray(begin, first) }),
    })
  })
}

/** The constant of every channel, where all pixels are equal. */
const pixelOf = (node: Constant): Float64Array => {
  const channels = channelsOf(node)
  const pixel = Float64Array.from(node.values.subarray(0, channels))
  return node.values.every((value, i) => value === pixel[i % channels]) ? pixel : refuseOperation('a constant map')
}

export const formOf = (node: Node): Form => {
  const zeros = new Float64Array(channelsOf(node))
  switch (node.kind) {
    case 'images':
      return { kind: 'images' }
    case 'constant':
      return { kind: 'sum', addends: [], bias: pixelOf(node) }
    case 'concat':
      return { kind: 'parts', parts: node.xs.map(resolve) }
    case 'affineSum':
      return {
        kind: 'sum',
        addends: node.terms.flatMap(({ x, scale }) =>
          flatten({ node: x, channel: 0, ...(scale && { scale: Float64Array.from(scale.values), from: scale }) }),
        ),
        bias: node.shift ? Float64Array.from(node.shift.values) : zeros,
      }
    case 'conv2d':
    case 'depthwiseConv2d':
    case 'maxPool':
    case 'avgPool':
      return { kind: 'sum', addends: [{ node, channel: 0 }], bias: zeros }
    case 'prelu':
      return { kind: 'prelu', x: resolve(node.x), slope: node.slope }
    default:
      return refuseOperation(`the operation ${'operation' in node ? node.operation : node.kind} on maps`)
  }
}

/** What a node is if it is but a binary convolution, scaled and shifted. */
export const signProductsOf = (node: Node): SignProducts | undefined => {
  if (node.kind !== 'affineSum' && node.kind !== 'conv2d' && node.kind !== 'depthwiseConv2d') return undefined
  const form = formOf(node)
  const [addend, ...others] = form.kind === 'sum' ? form.addends : []
  if (addend === undefined || others.length > 0 || form.kind !== 'sum') return undefined
  const { node: convolution, scale = new Float64Array(form.bias.length).fill(1) } = addend
  if (convolution.kind !== 'conv2d' && convolution.kind !== 'depthwiseConv2d') return undefined
  return isSign(convolution.prologue.activation) ? { convolution, scale, shift: form.bias } : undefined
}

export interface Classifier {
  readonly features: Node
  readonly weights: Constant
  readonly bias: Constant
}

/** mean over the pixels of the features [1, h, w, c], times weights [c, classes], plus bias [classes]. */
export const classifierOf = (node: Node): Classifier => {
  const none = () => refuseOperation('another classifier than a linear one of the means of features')
  if (node.kind !== 'binary' || node.operation !== 'add' || node.b.kind !== 'constant') return none()
  const { a: product, b: bias } = node
  if (product.kind !== 'matMul' || product.b.kind !== 'constant') return none()
  const { a: means, b: weights } = product
  const scaled = means.kind === 'binary' && means.operation === 'mul' && means.b.kind === 'constant'
  const total = scaled ? means.a : means
  if (total.kind !== 'sum' || total.axes.join() !== '1,2') return none()
  const [, height, width] = total.x.shape as readonly [number, number, number, number]
  const factor = scaled ? (means.b as Constant).values[0] : 1
  return factor === 1 / (height * width) ? { features: resolve(total.x), weights, bias } : none()
}
