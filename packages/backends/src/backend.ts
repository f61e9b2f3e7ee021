import type { WindowOptions } from './geometry.js'
import type {
  Activation,
  AdamCoefficients,
  AdamUpdate,
  AdamUpdated,
  ScaleGroup,
  SgdCoefficients,
  SgdUpdate,
  SgdUpdated,
  SignActivation,
  Values,
} from './kernels.js'
import type { Shape } from './shape.js'

/** Batch normalization of a convolution's input or of a term of `normalizedSum`: (x - mean) / sqrt(variance + epsilon) * gamma + beta. */
export interface Normalization<T> {
  /** Per channel scale and shift, [channels]. Default: none, the normalization has no parameters. */
  readonly gamma?: T
  readonly beta?: T
  /** Default 1e-5. */
  readonly epsilon?: number
  /** Fixed statistics, each [channels]: constants, no gradient flows to them. Default: mean and biased variance of the batch, through which the gradient flows. */
  readonly statistics?: { readonly mean: T; readonly variance: T }
  /**
   * Called once, when the result is there, with the mean and the biased variance of the batch, [channels] each: tensors of the scope that
   * the operation is called in, without gradient. Not called with fixed statistics. Default: not called.
   */
  readonly observe?: (moments: { readonly mean: T; readonly variance: T }) => void
}

/** Applied to the input before the convolution, fused with it: normalization, then activation. Zero padding comes after both. */
export interface ConvOptions<T> extends WindowOptions {
  readonly normalization?: Normalization<T>
  /** Default 'identity'. */
  readonly activation?: Activation
}

/** Parameters by name. */
export type TensorRecord<T> = Readonly<Record<string, T>>

/**
 * The tensor algebra: every function above this package is written once against it. `T` is the engine's tensor and is
 * opaque. Operations are differentiable unless they say otherwise, and throw ShapeError when operands do not fit.
 */
export interface Backend<T> {
  readonly name: string
  readonly precision: 'float32' | 'float64'

  /** A tensor of these values, row-major. */
  tensor(values: ArrayLike<number>, shape: Shape): T
  /** Default shape []. */
  full(value: number, shape?: Shape): T
  /** The sizes of its axes. */
  shape(x: T): Shape
  /** The values, row-major. */
  read(x: T): Promise<Values>

  /** Runs f and frees every tensor made in it except those in what it returns, which belong to the enclosing scope. */
  scope<A>(f: () => A): A
  /** Frees every tensor in a tensor, or in nested plain arrays and records of them. */
  dispose(tree: unknown): void
  /** Live tensors, and the bytes that they hold. */
  memory(): { readonly tensors: number; readonly bytes: number }
  /** Stops worker threads and gives the memory back. */
  close(): Promise<void>

  /** -x. */
  neg(x: T): T
  /** e^x. */
  exp(x: T): T
  /** The natural logarithm; NaN below 0, -infinity at 0. */
  log(x: T): T
  /** The square root; NaN below 0. */
  sqrt(x: T): T
  /** Its derivative at 0 is 1. */
  abs(x: T): T
  /** max(x, 0). Its derivative at 0 is 0. */
  relu(x: T): T
  /** +1 where x >= 0, -1 elsewhere. Its derivative is 0: straight-through estimators are in @cpnas/binarize. */
  sign(x: T): T
  /** Elementwise with NumPy broadcasting; a number stands for a scalar tensor. */
  add(a: T | number, b: T | number): T
  /** a - b, as `add`. */
  sub(a: T | number, b: T | number): T
  /** a * b, as `add`. */
  mul(a: T | number, b: T | number): T
  /** a / b, as `add`. */
  div(a: T | number, b: T | number): T
  /** At a tie the gradient goes to the first operand. */
  max(a: T | number, b: T | number): T
  /** The smaller one; at a tie as `max`. */
  min(a: T | number, b: T | number): T
  /** Comparisons give 1 or 0 and have no gradient. */
  less(a: T | number, b: T | number): T
  /** a <= b, as `less`. */
  lessEqual(a: T | number, b: T | number): T
  /** a = b, as `less`. */
  equal(a: T | number, b: T | number): T
  /** a*x + b*y in one pass, x and y of equal shape. */
  linearCombination(a: number, x: T, b: number, y: T): T

  /** Over the given axes, which disappear; default all. */
  sum(x: T, axes?: readonly number[]): T
  /** As `sum`, divided by the count of what it sums. */
  mean(x: T, axes?: readonly number[]): T
  /** Index of the first maximum along the last axis, as numbers; no gradient. */
  argMax(x: T): T

  /** The same values, row-major, in another shape of the same size. */
  reshape(x: T, shape: Shape): T
  /** Axis i of the result is axis `permutation[i]` of x. */
  transpose(x: T, permutation: readonly number[]): T
  /** `size[i]` elements from `begin[i]` on, along every axis i. */
  slice(x: T, begin: readonly number[], size: readonly number[]): T
  /** Zeros around: `before[i]` and `after[i]` of them on axis i, none negative. */
  pad(x: T, before: readonly number[], after: readonly number[]): T
  /** Side by side along an axis; all other sizes agree. */
  concat(xs: readonly T[], axis: number): T
  /** [m, k] times [k, n]. */
  matMul(a: T, b: T): T

  /** x [n, h, w, cin] and filters [kh, kw, cin, cout] to [n, h', w', cout]. */
  conv2d(x: T, filters: T, options?: ConvOptions<T>): T
  /** x [n, h, w, c] and filters [kh, kw, c] to [n, h', w', c]. */
  depthwiseConv2d(x: T, filters: T, options?: ConvOptions<T>): T
  /**
   * sign(x) * mean |x|, the mean over each output channel's values or over the layer's: 1-bit filters (XNOR-Net). `estimator` is
   * what the gradient through the sign is (default 'sign'); the gradient flows through the scale too. See @cpnas/binarize.
   */
  scaledSign(x: T, options?: { readonly group?: ScaleGroup; readonly estimator?: SignActivation }): T
  /** x where x > 0, else slope * x, per channel, the last axis: slope [channels]. The derivative at 0 is the slope (PReLU, He et al. 2015). */
  prelu(x: T, slope: T): T
  /**
   * x [n, h, w, c] to [n, h', w', c]: the largest of each window of size x size; padding is ignored. Of equal ones the first
   * gets the gradient.
   */
  maxPool(x: T, size: number, options?: WindowOptions): T
  /** Averages over the pixels inside the image (padding is not counted). */
  avgPool(x: T, size: number, options?: WindowOptions): T
  /** Batch normalization per channel, the last axis (Ioffe and Szegedy 2015). */
  batchNorm(x: T, normalization?: Normalization<T>): T
  /** Sum of the terms, each normalized if it says so, in one pass: a node of a cell. */
  normalizedSum(terms: readonly { readonly x: T; readonly normalization?: Normalization<T> }[]): T
  /** Mean and biased variance over every axis but the last; no gradient. */
  moments(x: T): { readonly mean: T; readonly variance: T }

  /** Mean cross-entropy of logits [n, classes] with class indices [n]; shape []. Gradient to the logits only. */
  softmaxCrossEntropy(logits: T, labels: T): T

  /** The sum of the squares of all values of all tensors, summed in their order; shape []; no gradient. Of none it is 0. */
  squaredNorm(xs: readonly T[]): T
  /**
   * A step of stochastic gradient descent with momentum and weight decay for all parameters at once, in the order of PyTorch's
   * SGD: g = gradient * factor + weightDecay * parameter; v = momentum * velocity + g, or g where there is no velocity; then
   * parameter - learningRate * v, clamped to [-limit, limit] where there is a limit. `factor` has the shape [] (default 1).
   * Makes new tensors, in the order of `updates`, and frees none; no gradient.
   */
  sgdStep(updates: readonly SgdUpdate<T>[], coefficients: SgdCoefficients, factor?: T): readonly SgdUpdated<T>[]
  /**
   * A step of Adam with weight decay for all parameters at once, in the order of PyTorch's Adam: g = gradient * factor +
   * weightDecay * parameter; m = beta1 * first + (1 - beta1) * g; v = beta2 * second + (1 - beta2) * g^2, where averages that
   * are not there are 0; then parameter - learningRate / (1 - beta1^step) * m / (sqrt(v / (1 - beta2^step)) + epsilon), clamped
   * to [-limit, limit] where there is a limit. Else as `sgdStep`.
   */
  adamStep(updates: readonly AdamUpdate<T>[], coefficients: AdamCoefficients, factor?: T): readonly AdamUpdated<T>[]

  /** The same values, cut off from the gradient. */
  stopGradient(x: T): T
  /** An operation with a gradient of its own: `gradient` maps the output's gradient to one for each operand. */
  customGrad(
    f: (...xs: readonly T[]) => { readonly value: T; readonly gradient: (dy: T) => readonly T[] },
  ): (...xs: readonly T[]) => T
  /**
   * Value of f at `parameters`, its gradients by name (zeros where f does not depend on a parameter), and what else f
   * returned. f's value must have shape [].
   */
  valueAndGrad<P extends TensorRecord<T>, A = undefined>(
    f: (parameters: P) => { readonly value: T; readonly aux?: A },
    parameters: P,
  ): { readonly value: T; readonly gradients: { readonly [K in keyof P]: T }; readonly aux: A }
}
