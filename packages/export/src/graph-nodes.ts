import type { BinaryOperation, Geometry, Prologue, Shape, UnaryOperation } from '@cpnas/backends'

/** The images that enter the network, one of them: [1, height, width, channels]. */
export interface Images {
  readonly kind: 'images'
  readonly shape: Shape
}

/** Values that are known, row-major: parameters, statistics, and what follows from them alone, in float64. */
export interface Constant {
  readonly kind: 'constant'
  readonly shape: Shape
  readonly values: Float32Array | Float64Array
}

/** A convolution of what the prologue makes of x, padded with zeros after it: filters [kh, kw, cin, cout]. */
export interface Convolution {
  readonly kind: 'conv2d'
  readonly shape: Shape
  readonly x: Node
  readonly filters: Constant
  readonly geometry: Geometry
  readonly prologue: ConstantPrologue
}

/** As a convolution, one filter a channel: [kh, kw, channels]. */
export interface DepthwiseConvolution extends Omit<Convolution, 'kind'> {
  readonly kind: 'depthwiseConv2d'
}

/** `activation(x * scale + shift)`. */
export interface ConstantPrologue extends Pick<Prologue<Node>, 'activation'> {
  readonly affine?: { readonly scale: Constant; readonly shift: Constant }
}

/** Of the pixels of the window that are inside the image. */
export interface Pooling {
  readonly kind: 'maxPool' | 'avgPool'
  readonly shape: Shape
  readonly x: Node
  readonly geometry: Geometry
}

/** The sum of x * scale over the terms, plus shift; scale and shift are [channels], and 1 and 0 where there is none. */
export interface AffineSum {
  readonly kind: 'affineSum'
  readonly shape: Shape
  readonly terms: readonly { readonly x: Node; readonly scale?: Constant }[]
  readonly shift?: Constant
}

/** x where x > 0, else slope * x; slope [channels]. */
export interface Prelu {
  readonly kind: 'prelu'
  readonly shape: Shape
  readonly x: Node
  readonly slope: Constant
}

/** A function of every value. */
export interface Unary {
  readonly kind: 'unary'
  readonly shape: Shape
  readonly operation: UnaryOperation
  readonly x: Node
}

/** Elementwise with NumPy broadcasting. */
export interface Binary {
  readonly kind: 'binary'
  readonly shape: Shape
  readonly operation: BinaryOperation
  readonly a: Node
  readonly b: Node
}

/** The sum over axes, which disappear. */
export interface Sum {
  readonly kind: 'sum'
  readonly shape: Shape
  readonly x: Node
  readonly axes: readonly number[]
}

/** Side by side along an axis. */
export interface Concat {
  readonly kind: 'concat'
  readonly shape: Shape
  readonly xs: readonly Node[]
  readonly axis: number
}

/** [m, k] times [k, n]. */
export interface MatMul {
  readonly kind: 'matMul'
  readonly shape: Shape
  readonly a: Node
  readonly b: Node
}

/** An operation of a network, with the shape of its result. */
export type Node =
  | Images
  | Constant
  | Convolution
  | DepthwiseConvolution
  | Pooling
  | AffineSum
  | Prelu
  | Unary
  | Binary
  | Sum
  | Concat
  | MatMul
