import { backendOf, type Shape, type ShapeTensor, shapeKernels, Tensor } from '@cpnas/backends'
import type { Architecture, Mixture } from './genotype.js'
import { networkOver } from './network.js'
import type { NetworkKind, NetworkSpec, Operation, Parameter, Space } from './space.js'
import { spaceOf } from './spec.js'

/** A parameter of a network, and its work for one image. */
export interface Layer extends Parameter {
  /** Multiply-accumulates of its products: of convolutions and classifiers, border pixels counted as inner ones. */
  readonly macs: number
}

/** The parameters and normalizations of a network, found by tracing its forward pass. */
export interface Trace {
  /** Every parameter, in the order in which the forward pass needs them first. */
  readonly layers: readonly Layer[]
  /** Every batch normalization with its shape, [channels], in the order in which the forward pass computes them. */
  readonly normalizations: Readonly<Record<string, Shape>>
}

/** Height and width in pixels. */
export interface ImageSize {
  readonly height: number
  readonly width: number
}

/**
 * Traces the forward pass of one image on an engine that computes shapes only. So the forward pass is the only description of an operation,
 * and its parameters, statistics and work cannot disagree with it.
 */
export const trace = (
  spec: NetworkSpec,
  architecture: Architecture,
  kind: NetworkKind,
  { height, width }: ImageSize = { height: 32, width: 32 },
): Trace => {
  const parameters = new Map<string, { readonly parameter: Parameter; readonly tensor: Tensor<ShapeTensor> }>()
  const macs = new Map<ShapeTensor, number>()
  const normalizations: Record<string, Shape> = {}
  const backend = backendOf(
    shapeKernels({ onProduct: (filters, count) => macs.set(filters, (macs.get(filters) ?? 0) + count) }),
  )
  const declare = (parameter: Parameter): Tensor<ShapeTensor> => {
    const known = parameters.get(parameter.name)
    if (known) return known.tensor
    const tensor = new Tensor<ShapeTensor>({ shape: parameter.shape }, parameter.shape)
    parameters.set(parameter.name, { parameter, tensor })
    return tensor
  }
  networkOver(spec, architecture, kind, 'given')(
    backend,
    declare,
    backend.full(0, [1, height, width, spec.inChannels]),
    {
      observe: (name, { mean }) => {
        normalizations[name] = backend.shape(mean)
      },
      auxiliary: spec.auxiliary,
    },
  )
  return {
    layers: [...parameters.values()].map(({ parameter, tensor }) => ({
      ...parameter,
      macs: macs.get(tensor.handle) ?? 0,
    })),
    normalizations,
  }
}

/**
 * Every parameter of the network of an architecture, from the stem to the classifier; the auxiliary head's are the last, if the
 * spec has one. In the space of CP-NAS, parameters of the Child only are PReLU slopes and gamma and beta of the normalizations
 * after its depthwise convolutions.
 */
export const networkLayers = (spec: NetworkSpec, architecture: Architecture, kind: NetworkKind): readonly Layer[] =>
  trace(spec, architecture, kind).layers

/** Shapes of the parameters of an architecture's network, by name. */
export const parameterShapes = (
  spec: NetworkSpec,
  architecture: Architecture,
  kind: NetworkKind = 'child',
): Readonly<Record<string, Shape>> =>
  Object.fromEntries(networkLayers(spec, architecture, kind).map(({ name, shape }) => [name, shape]))

/** Every operation of a space on every edge: the supernet, and where a search begins. */
export const fullSpace = ({
  edges,
  operations,
}: Pick<Space, 'edges'> & { readonly operations: readonly Pick<Operation, 'name'>[] }): Mixture => {
  const all = edges.map(() => operations.map(({ name }) => name))
  return { normal: all, reduce: all }
}

/**
 * Shapes of the parameters of the supernet: those of all operations on all edges. Weights are shared between the
 * architectures that have the same operation on the same edge of the same cell, for that is what their names consist of.
 */
export const supernetShapes = (spec: NetworkSpec, kind: NetworkKind = 'child'): Readonly<Record<string, Shape>> =>
  parameterShapes(spec, fullSpace(spaceOf(spec)), kind)

/** Names of the parameters that the Child binarizes: the ones to clip to [-1, 1] after an update. */
export const latentNames = (spec: NetworkSpec, architecture: Architecture): readonly string[] =>
  networkLayers(spec, architecture, 'child')
    .filter(({ binary }) => binary)
    .map(({ name }) => name)

/**
 * The batch normalizations of an architecture's network, each [channels], in the order in which the forward pass tells of them:
 * what `ForwardMode.observe` is called with, and to what NAME.mean and NAME.variance of `ForwardMode.statistics` belong.
 * A normalization at an edge's end has the edge's name (`cells.2.edges.5.sep_conv_3x3`), one in its middle that of the
 * convolution before it (`cells.2.edges.5.sep_conv_3x3.depthwise`); others are called `stem` (of the ImageNet stem
 * `stem.0` to `stem.2`) and `cells.2.inputs.0`. With `auxiliary` those of the auxiliary head (`auxiliary.0`,
 * `auxiliary.1`) are the last. Default: without, for they are no part of an evaluation.
 */
export const normalizationShapes = (
  spec: NetworkSpec,
  architecture: Architecture,
  kind: NetworkKind,
  { auxiliary = false }: { readonly auxiliary?: boolean } = {},
): Readonly<Record<string, Shape>> => trace({ ...spec, auxiliary }, architecture, kind).normalizations
