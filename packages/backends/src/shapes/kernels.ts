import { type Geometry, inputShape, outputShape } from '../geometry.js'
import type { ConvGradients, Kernels, WantedGradients } from '../kernels.js'
import { broadcastShape, type Shape, sizeOf } from '../shape.js'

/** A tensor of which only the shape is known. */
export interface ShapeTensor {
  readonly shape: Shape
}

/** How an engine of shapes is followed. */
export interface ShapeOptions {
  /**
   * Called for every convolution and matrix product of a forward pass, with its filters (its second operand) and its multiply-accumulates;
   * those of border pixels count in full. Default: not called.
   */
  readonly onProduct?: (filters: ShapeTensor, macs: number) => void
}

const of = (shape: Shape): ShapeTensor => ({ shape })
const same = ({ shape }: ShapeTensor): ShapeTensor => of(shape)
const channelsOf = ({ shape }: ShapeTensor): ShapeTensor => of(shape.slice(-1))

/**
 * An engine that computes shapes only, to trace the parameters, statistics and work of a network without running it. Reading values back is
 * an error.
 */
export const shapeKernels = ({ onProduct = () => {} }: ShapeOptions = {}): Kernels<ShapeTensor> => {
  const convolution = (w: ShapeTensor, g: Geometry): ShapeTensor => {
    onProduct(w, g.batch * g.outHeight * g.outWidth * sizeOf(w.shape))
    return of(outputShape(g))
  }
  const convolutionGradients = (
    w: ShapeTensor,
    x: ShapeTensor,
    wanted: WantedGradients<ShapeTensor>,
  ): ConvGradients<ShapeTensor> => ({
    ...(wanted.input && { input: same(x) }),
    ...(wanted.filters && { filters: same(w) }),
    ...(wanted.input?.mean && { sums: { dy: channelsOf(x), dyx: channelsOf(x) } }),
  })
  return {
    name: 'shapes',
    precision: 'float64',
    fromValues: (_, shape) => of(shape),
    fill: (_, shape) => of(shape),
    shapeOf: x => x.shape,
    read: async () => {
      throw new Error('the engine of shapes has no values to read')
    },
    free: () => {},
    memory: () => ({ tensors: 0, bytes: 0 }),
    close: async () => {},

    unary: (_, x) => same(x),
    binary: (operation, a, b) => of(broadcastShape(operation, a.shape, b.shape)),
    linearCombination: (_a, x) => same(x),
    accumulate: into => into,
    sum: (x, axes = x.shape.map((_, axis) => axis)) => of(x.shape.filter((_, axis) => !axes.includes(axis))),
    argMax: x => of(x.shape.slice(0, -1)),
    reshape: (_, shape) => of(shape),
    transpose: (x, permutation) => of(permutation.map(axis => x.shape[axis]!)),
    slice: (_x, _begin, size) => of(size),
    pad: (x, before, after) => of(x.shape.map((size, axis) => size + before[axis]! + after[axis]!)),
    concat: (xs, axis) =>
      of(xs[0]!.shape.map((size, i) => (i === axis ? xs.reduce((sum, x) => sum + x.shape[axis]!, 0) : size))),
    matMul: (a, b, transposeA, transposeB) => {
      const rows = a.shape[transposeA ? 1 : 0]!
      onProduct(b, rows * sizeOf(b.shape))
      return of([rows, b.shape[transposeB ? 0 : 1]!])
    },
    conv2d: (_, w, g) => convolution(w, g),
    conv2dGrad: (_dy, w, x, _g, _p, wanted) => convolutionGradients(w, x, wanted),
    depthwiseConv2d: (_, w, g) => convolution(w, g),
    depthwiseConv2dGrad: (_dy, w, x, _g, _p, wanted) => convolutionGradients(w, x, wanted),
    scaledSign: same,
    scaledSignGrad: (_, x) => same(x),
    prelu: same,
    preluGrad: (_, x, slope) => ({ input: same(x), slope: same(slope) }),
    maxPool: (_, g) => of(outputShape(g)),
    maxPoolGrad: (_, x) => same(x),
    avgPool: (_, g) => of(outputShape(g)),
    avgPoolGrad: (_, g) => of(inputShape(g)),
    moments: x => ({ mean: channelsOf(x), variance: channelsOf(x) }),
    affineSum: terms => same(terms[0]!.x),
    channelSums: (dy, terms) => ({ dy: channelsOf(dy), dyx: terms.map(({ x }) => channelsOf(x)) }),
    foldNormalization: mean => ({ precision: same(mean), scale: same(mean), shift: same(mean) }),
    foldNormalizationGrad: mean => ({ slope: same(mean), offset: same(mean) }),
    softmaxCrossEntropy: () => of([]),
    softmaxCrossEntropyGrad: (_, logits) => same(logits),
    squaredNorm: () => of([]),
    sgdStep: updates => updates.map(({ parameter }) => ({ parameter: same(parameter), velocity: same(parameter) })),
    adamStep: updates =>
      updates.map(({ parameter }) => ({
        parameter: same(parameter),
        first: same(parameter),
        second: same(parameter),
      })),
  }
}
