import {
  broadcastShape,
  type Kernels,
  outputShape,
  type Prologue,
  referenceKernels,
  sameShape,
  sizeOf,
} from '@cpnas/backends'
import type { Constant, ConstantPrologue, Node } from './graph-nodes.js'
import { refuseOperation } from './refusal.js'

export interface Recording {
  readonly kernels: Kernels<Node>
  /** Everything that was made, in order. */
  readonly nodes: Node[]
  readonly names: Map<Node, string>
}

const constant = (node: Node, place: string): Constant =>
  node.kind === 'constant' ? node : refuseOperation(`a computed ${place}`)

const optional = <A>(node: Node | undefined, f: (node: Node) => A): A | undefined => node && f(node)

/**
 * An engine that computes nothing but notes what it is asked for. Only constants are computed with, by the reference engine in
 * float64. Throws a Refusal that names the operation where it is none of a network in evaluation mode.
 */
export const recordingEngine = (): Recording => {
  const nodes: Node[] = []
  const names = new Map<Node, string>()
  const reference = referenceKernels()
  const note = <N extends Node>(node: N): N => {
    nodes.push(node)
    return node
  }
  const known = (values: Constant['values'], shape: readonly number[]): Constant =>
    note({ kind: 'constant', shape, values })
  const load = ({ values, shape }: Constant) => reference.fromValues(values, shape)
  const prologueOf = ({ activation, affine }: Prologue<Node>): ConstantPrologue =>
    affine === undefined
      ? { activation }
      : { activation, affine: { scale: constant(affine.scale, 'scale'), shift: constant(affine.shift, 'shift') } }

  /** A sign that an engine does not fuse stands before the convolution; here it enters it as a fused one does. */
  const entering = (x: Node, prologue: ConstantPrologue): { readonly x: Node; readonly prologue: ConstantPrologue } =>
    x.kind === 'unary' && x.operation === 'sign' && prologue.activation === 'identity' && !prologue.affine
      ? { x: x.x, prologue: { activation: 'sign' } }
      : { x, prologue }

  const kernels: Kernels<Node> = {
    name: 'recording',
    precision: 'float64',
    fromValues: (values, shape) =>
      known(
        values instanceof Float32Array || values instanceof Float64Array ? values : Float64Array.from(values),
        shape,
      ),
    fill: (value, shape) => known(new Float64Array(sizeOf(shape)).fill(value), shape),
    shapeOf: x => x.shape,
    read: async x => constant(x, 'value that is read').values,
    free: () => {},
    memory: () => ({ tensors: nodes.length, bytes: 0 }),
    close: async () => {},

    unary: (operation, x) => note({ kind: 'unary', shape: x.shape, operation, x }),
    binary: (operation, a, b) =>
      a.kind === 'constant' && b.kind === 'constant'
        ? known(
            reference.binary(operation, load(a), load(b)).storage.values,
            broadcastShape(operation, a.shape, b.shape),
          )
        : note({ kind: 'binary', shape: broadcastShape(operation, a.shape, b.shape), operation, a, b }),
    sum: (x, axes = x.shape.map((_, axis) => axis)) =>
      note({ kind: 'sum', shape: x.shape.filter((_, axis) => !axes.includes(axis)), x, axes }),
    concat: (xs, axis) =>
      note({
        kind: 'concat',
        shape: xs[0]!.shape.map((size, i) => (i === axis ? xs.reduce((sum, x) => sum + x.shape[axis]!, 0) : size)),
        xs,
        axis,
      }),
    matMul: (a, b, transposeA, transposeB) =>
      transposeA || transposeB
        ? refuseOperation('a transposed matrix')
        : note({ kind: 'matMul', shape: [a.shape[0]!, b.shape[1]!], a, b }),
    conv2d: (x, filters, geometry, prologue) =>
      note({
        kind: 'conv2d',
        shape: outputShape(geometry),
        filters: constant(filters, 'filter'),
        geometry,
        ...entering(x, prologueOf(prologue)),
      }),
    depthwiseConv2d: (x, filters, geometry, prologue) =>
      note({
        kind: 'depthwiseConv2d',
        shape: outputShape(geometry),
        filters: constant(filters, 'filter'),
        geometry,
        ...entering(x, prologueOf(prologue)),
      }),
    prelu: (x, slope) => note({ kind: 'prelu', shape: x.shape, x, slope: constant(slope, 'slope') }),
    maxPool: (x, geometry) => note({ kind: 'maxPool', shape: outputShape(geometry), x, geometry }),
    avgPool: (x, geometry) => note({ kind: 'avgPool', shape: outputShape(geometry), x, geometry }),
    affineSum: (terms, shift) =>
      note({
        kind: 'affineSum',
        shape: terms[0]!.x.shape,
        terms: terms.map(({ x, scale }) => ({ x, ...(scale && { scale: constant(scale, 'scale') }) })),
        ...(shift && { shift: constant(shift, 'shift') }),
      }),
    foldNormalization: (mean, variance, epsilon, gamma, beta) => {
      const folded = reference.foldNormalization(
        load(constant(mean, 'mean')),
        load(constant(variance, 'variance')),
        epsilon,
        optional(gamma, node => load(constant(node, 'gamma'))),
        optional(beta, node => load(constant(node, 'beta'))),
      )
      const [precision, scale, shift] = [folded.precision, folded.scale, folded.shift].map(({ storage, shape }) =>
        known(storage.values, shape),
      ) as [Constant, Constant, Constant]
      const name = names.get(mean)?.replace(/\.mean$/, '')
      names.set(scale, `${name}.scale`)
      names.set(shift, `${name}.shift`)
      return { precision, scale, shift }
    },

    linearCombination: () => refuseOperation('linearCombination'),
    accumulate: () => refuseOperation('accumulate'),
    argMax: () => refuseOperation('argMax'),
    // The same tensor by another handle is what a gradient of its own is made with.
    reshape: (x, shape) => (sameShape(x.shape, shape) ? x : refuseOperation('reshape')),
    transpose: () => refuseOperation('transpose'),
    slice: () => refuseOperation('slice'),
    pad: () => refuseOperation('pad'),
    scaledSign: () => refuseOperation('latent filters'),
    moments: () => refuseOperation("a batch's statistics"),
    softmaxCrossEntropy: () => refuseOperation('a loss'),
    squaredNorm: () => refuseOperation('a norm'),
    sgdStep: () => refuseOperation('an update'),
    adamStep: () => refuseOperation('an update'),
    conv2dGrad: () => refuseOperation('gradients'),
    depthwiseConv2dGrad: () => refuseOperation('gradients'),
    scaledSignGrad: () => refuseOperation('gradients'),
    preluGrad: () => refuseOperation('gradients'),
    maxPoolGrad: () => refuseOperation('gradients'),
    avgPoolGrad: () => refuseOperation('gradients'),
    channelSums: () => refuseOperation('gradients'),
    foldNormalizationGrad: () => refuseOperation('gradients'),
    softmaxCrossEntropyGrad: () => refuseOperation('gradients'),
  }
  return { kernels, nodes, names }
}
