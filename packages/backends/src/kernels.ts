import type { Geometry } from './geometry.js'
import type { Shape } from './shape.js'

/** Values read back from an engine; row-major. */
export type Values = Float32Array | Float64Array

/** Functions of one number; `sign` is +1 at 0. */
export type UnaryOperation = 'neg' | 'exp' | 'log' | 'sqrt' | 'abs' | 'relu' | 'sign'
/** Functions of two numbers; comparisons give 1 or 0. */
export type BinaryOperation = 'add' | 'sub' | 'mul' | 'div' | 'max' | 'min' | 'less' | 'lessEqual' | 'equal'

/**
 * What a convolution does to every input value before it enters a product. `sign` maps x >= 0 to +1 and the rest to -1;
 * its two spellings differ in the gradient only: 1 where |x| <= 1 (`sign`), or 2 - 2|x| where |x| < 1 (`sign-polynomial`, Bi-Real net).
 */
export type Activation = 'identity' | 'relu' | 'sign' | 'sign-polynomial'

/** An activation to +1 and -1. */
export type SignActivation = Extract<Activation, 'sign' | 'sign-polynomial'>

/** Which values of a filter have a scale in common: those of an output channel (the last axis), or all. */
export type ScaleGroup = 'channel' | 'layer'

/** `P(x) = activation(x * scale + shift)`, scale and shift [channels]; without them `activation(x)`. Padding is zero after P. */
export interface Prologue<H> {
  readonly activation: Activation
  readonly affine?: { readonly scale: H; readonly shift: H }
}

/** Mean and biased variance over every axis but the last, each [channels]. */
export interface Moments<H> {
  readonly mean: H
  readonly variance: H
}

/** The gradient of a tensor: dy, or dy * scale + x * slope + offset per channel (each [channels]), which is not materialized yet. */
export interface Gradient<H> {
  readonly dy: H
  readonly affine?: { readonly scale: H; readonly x: H; readonly slope: H; readonly offset: H }
}

/** Which gradients of a convolution are asked for. */
export interface WantedGradients<H> {
  /** The input's, plus `into`; with `mean` also its channel sums (see `Kernels.channelSums`). */
  readonly input?: { readonly into?: H | undefined; readonly mean?: H | undefined }
  readonly filters: boolean
}

/** Those that were asked for. */
export interface ConvGradients<H> {
  readonly input?: H
  readonly filters?: H
  readonly sums?: { readonly dy: H; readonly dyx: H }
}

/** A normalization's factors per channel: precision = 1 / sqrt(variance + epsilon), and h = x * scale + shift. */
export interface Folded<H> {
  readonly precision: H
  readonly scale: H
  readonly shift: H
}

/** A parameter and the inputs of any optimizer's update; all tensors have the same shape. */
export interface ParameterUpdate<H> {
  readonly parameter: H
  readonly gradient: H
  /** The updated parameter is clamped to [-limit, limit]; NaN stays. Positive. Default: it is not. */
  readonly limit?: number | undefined
}

export interface SgdUpdate<H> extends ParameterUpdate<H> {
  /** The velocity that the last update returned. Default: none. */
  readonly velocity?: H | undefined
}

export interface AdamUpdate<H> extends ParameterUpdate<H> {
  /** The moving averages of the gradient and of its square that the last update returned. Default: none, which is 0. */
  readonly first?: H | undefined
  readonly second?: H | undefined
}

/** Coefficients that one step of any optimizer applies to every parameter. */
export interface StepCoefficients {
  readonly learningRate: number
  readonly weightDecay: number
}

export interface SgdCoefficients extends StepCoefficients {
  readonly momentum: number
}

export interface AdamCoefficients extends StepCoefficients {
  /** How much of the moving averages stays, each from 0 to below 1. */
  readonly beta1: number
  readonly beta2: number
  /** Added to the root. */
  readonly epsilon: number
  /** The number of this update, from 1. */
  readonly step: number
}

/** A parameter after its update, and the velocity for the next one. */
export interface SgdUpdated<H> {
  readonly parameter: H
  readonly velocity: H
}

/** A parameter after its update, and the moving averages for the next one. */
export interface AdamUpdated<H> {
  readonly parameter: H
  readonly first: H
  readonly second: H
}

/**
 * What an engine supplies: forward primitives and their adjoints on opaque tensor handles. Kernels never look at
 * gradients, never keep state between calls, and never modify an operand, with one exception: an `into` handle is
 * consumed (the engine may write the sum into its memory; the caller must not use or free it afterwards).
 * Every handle returned is owned by the caller and is freed by exactly one `free`; handles may share memory underneath.
 *
 * Operands are checked by the callers in autodiff/, so kernels may assume that shapes fit.
 */
export interface Kernels<H> {
  readonly name: string
  readonly precision: 'float32' | 'float64'

  /** A copy of the values, row-major. */
  fromValues(values: ArrayLike<number>, shape: Shape): H
  /** Every value the same. */
  fill(value: number, shape: Shape): H
  /** The sizes of its axes. */
  shapeOf(x: H): Shape
  /** The values, row-major. */
  read(x: H): Promise<Values>
  /** Gives a handle back; it must not be used afterwards. */
  free(x: H): void
  /** Memory held by live handles. */
  memory(): { readonly tensors: number; readonly bytes: number }
  /** Stops threads and gives all memory back. */
  close(): Promise<void>

  /** Of every value. */
  unary(operation: UnaryOperation, x: H): H
  /** Broadcasts by NumPy's rule. Comparisons give 1 or 0. */
  binary(operation: BinaryOperation, a: H, b: H): H
  /** a*x + b*y, equal shapes, scalar coefficients. */
  linearCombination(a: number, x: H, b: number, y: H): H
  /** x + y, equal shapes; consumes `into`. */
  accumulate(into: H, x: H): H
  /** Sum over the given axes, which disappear. No axes: the sum of all elements, shape []. */
  sum(x: H, axes?: readonly number[]): H
  /** Index of the first maximum along the last axis, as numbers. */
  argMax(x: H): H

  /** A new handle on the same values; sizes must agree. */
  reshape(x: H, shape: Shape): H
  /** Axis i of the result is axis `permutation[i]` of x. */
  transpose(x: H, permutation: readonly number[]): H
  /** `size[i]` elements from `begin[i]` on, along every axis i. */
  slice(x: H, begin: readonly number[], size: readonly number[]): H
  /** Zeros around: before[i] and after[i] elements on axis i, none negative. */
  pad(x: H, before: readonly number[], after: readonly number[]): H
  /** Side by side along an axis. */
  concat(xs: readonly H[], axis: number): H
  /** op(a) [m, k] times op(b) [k, n], where op transposes if asked. */
  matMul(a: H, b: H, transposeA: boolean, transposeB: boolean): H

  /** conv(P(x), w): x [n, h, w, cin], w [kh, kw, cin, cout]; correlation, as in every deep-learning library. */
  conv2d(x: H, w: H, g: Geometry, p: Prologue<H>): H
  /**
   * The gradients of conv2d. The input's is that of the activation's argument h = x * scale + shift (that is of x, without
   * `affine`): activation'(h) * convTransposed(dy, w). The filters' is that of w, given P(x) and dy.
   */
  conv2dGrad(dy: Gradient<H>, w: H, x: H, g: Geometry, p: Prologue<H>, wanted: WantedGradients<H>): ConvGradients<H>
  /** As conv2d, one filter a channel: w [kh, kw, c]. */
  depthwiseConv2d(x: H, w: H, g: Geometry, p: Prologue<H>): H
  /** The gradients of depthwiseConv2d, as `conv2dGrad`. */
  depthwiseConv2dGrad(
    dy: Gradient<H>,
    w: H,
    x: H,
    g: Geometry,
    p: Prologue<H>,
    wanted: WantedGradients<H>,
  ): ConvGradients<H>

  /** sign(x) * mean |x|, the mean over each group's values (XNOR-Net); x has an axis. */
  scaledSign(x: H, group: ScaleGroup): H
  /**
   * activation'(x) * mean |x| * dy + sign(x) * mean(sign(x) * dy): the gradient through the sign, estimated, and through
   * the scale, whose derivative at 0 is that of the sign +1. The estimate counts |x| = 1 as inside for `sign`.
   */
  scaledSignGrad(dy: H, x: H, group: ScaleGroup, activation: SignActivation): H

  /** x where x > 0, else slope * x: x [..., channels], slope [channels] (PReLU, He et al. 2015). */
  prelu(x: H, slope: H): H
  /** dy where x > 0, else slope * dy; and per channel the sum of dy * x over the values that are not above 0. */
  preluGrad(dy: H, x: H, slope: H): { readonly input: H; readonly slope: H }

  /** The largest of the window's pixels that lie inside the image. */
  maxPool(x: H, g: Geometry): H
  /** The gradient goes to the first maximum of each window in row-major order, plus `into`. NaN counts as a maximum. */
  maxPoolGrad(dy: H, x: H, g: Geometry, into?: H): H
  /** Mean over the window's pixels that lie inside the image. */
  avgPool(x: H, g: Geometry): H
  /** The gradient of avgPool, plus `into`. */
  avgPoolGrad(dy: H, g: Geometry, into?: H): H

  /** Over every axis but the last. */
  moments(x: H): Moments<H>
  /** sum_i scale_i * x_i + shift, per channel (last axis): x_i of equal shape, scale_i and shift [channels]; plus `into`. An absent scale is 1. */
  affineSum(terms: readonly { readonly x: H; readonly scale?: H }[], shift: H | undefined, into?: H): H
  /** Per channel, over every axis but the last: sum(dy), and for every term sum(dy * (x - mean)); x and dy of equal shape. */
  channelSums(
    dy: H,
    terms: readonly { readonly x: H; readonly mean: H }[],
  ): { readonly dy: H; readonly dyx: readonly H[] }
  /** scale = gamma * precision, shift = beta - mean * scale; gamma 1 and beta 0 where absent. All [channels]. */
  foldNormalization(mean: H, variance: H, epsilon: number, gamma?: H, beta?: H): Folded<H>
  /**
   * The way back through a normalization by the statistics of its own `count` rows, of dh with the channel sums dy and dyx:
   * dx = dh * scale + x * slope + offset with slope = -scale / count * precision^2 * dyx and
   * offset = -scale / count * dy - slope * mean (Ioffe and Szegedy 2015).
   */
  foldNormalizationGrad(
    mean: H,
    folded: Folded<H>,
    sums: { readonly dy: H; readonly dyx: H },
    count: number,
  ): { readonly slope: H; readonly offset: H }

  /** Mean over rows of -log softmax(logits)[label]: logits [n, classes], labels [n] (class indices as numbers); shape []. */
  softmaxCrossEntropy(logits: H, labels: H): H
  /** (softmax(logits) - onehot(labels)) * dy / n, dy of shape []. */
  softmaxCrossEntropyGrad(dy: H, logits: H, labels: H): H

  /**
   * The sum of the squares of all values of all tensors, of whatever shapes; at least one tensor; shape []. The same tensors
   * in the same order give the same bits.
   */
  squaredNorm(xs: readonly H[]): H
  /**
   * Stochastic gradient descent with momentum and weight decay, in PyTorch's order (torch.optim.SGD, dampening 0), for all
   * parameters at once, at least one:
   * g = gradient * factor + weightDecay * parameter; v = momentum * velocity + g, or g where there is no velocity;
   * parameter - learningRate * v, clamped where there is a limit. `factor` is a scalar, shape [], and 1 if absent: what
   * PyTorch's clip_grad_norm_ multiplies all gradients by. Results in the order of `updates`.
   */
  sgdStep(updates: readonly SgdUpdate<H>[], coefficients: SgdCoefficients, factor?: H): readonly SgdUpdated<H>[]
  /**
   * Adam (Kingma and Ba 2015) with weight decay, in PyTorch's order (torch.optim.Adam), for all parameters at once, at least one:
   * g = gradient * factor + weightDecay * parameter; m = beta1 * first + (1 - beta1) * g; v = beta2 * second + (1 - beta2) * g^2;
   * parameter - rate * m / (sqrt(v) * root + epsilon) with the rate and root of `biasCorrection`, clamped where there is a limit. `factor` as above.
   * Results in the order of `updates`.
   */
  adamStep(updates: readonly AdamUpdate<H>[], coefficients: AdamCoefficients, factor?: H): readonly AdamUpdated<H>[]
}
