import type { Shape } from '@cpnas/backends'
import type { Genotype } from './genotype.js'
import { type Layer, type NetworkKind, vector } from './layer.js'
import { byEdge, byNode, everything, type Part, partsOf } from './parts.js'
import type { NetworkSpec } from './spec.js'

const layersIn = (parts: readonly Part[]): readonly Layer[] =>
  parts.flatMap(part => {
    if (part.kind !== 'normalization') return [part]
    const { name, channels, learned } = part
    return learned ? [vector(`${name}.gamma`, channels), vector(`${name}.beta`, channels)] : []
  })

/**
 * Every parameter of the network of a genotype, from the stem to the classifier; the auxiliary head's are the last, if the
 * spec has one. Parameters of the Child only are PReLU slopes and gamma and beta of the normalizations after its
 * depthwise convolutions.
 */
export const networkLayers = (spec: NetworkSpec, genotype: Genotype, kind: NetworkKind): readonly Layer[] =>
  layersIn(partsOf(spec, kind, (cell, edge) => [genotype[cell][edge]!], byEdge))

const shapesOf = (layers: readonly Layer[]): Readonly<Record<string, Shape>> =>
  Object.fromEntries(layers.map(({ name, shape }) => [name, shape]))

/** Shapes of the parameters of a genotype's network, by name. */
export const parameterShapes = (
  spec: NetworkSpec,
  genotype: Genotype,
  kind: NetworkKind = 'child',
): Readonly<Record<string, Shape>> => shapesOf(networkLayers(spec, genotype, kind))

/**
 * Shapes of the parameters of the supernet: those of all operations on all edges. Weights are shared between the
 * architectures that have the same operation on the same edge of the same cell, for that is what their names consist of.
 */
export const supernetShapes = (spec: NetworkSpec, kind: NetworkKind = 'child'): Readonly<Record<string, Shape>> =>
  shapesOf(layersIn(partsOf(spec, kind, everything, byEdge)))

/** Names of the parameters that the Child binarizes: the ones to clip to [-1, 1] after an update. */
export const latentNames = (spec: NetworkSpec, genotype: Genotype): readonly string[] =>
  networkLayers(spec, genotype, 'child')
    .filter(({ binary }) => binary)
    .map(({ name }) => name)

/**
 * The batch normalizations of a genotype's network, each [channels], in the order in which the forward pass tells of them:
 * what `ForwardMode.observe` is called with, and to what NAME.mean and NAME.variance of `ForwardMode.statistics` belong.
 * A normalization at an edge's end has the edge's name (`cells.2.edges.5.sep_conv_3x3`), one in its middle that of the
 * convolution before it (`cells.2.edges.5.sep_conv_3x3.depthwise`); others are called `stem` (of the ImageNet stem
 * `stem.0` to `stem.2`) and `cells.2.inputs.0`. With `auxiliary` those of the auxiliary head (`auxiliary.0`,
 * `auxiliary.1`) are the last. Default: without, for they are no part of an evaluation.
 */
export const normalizationShapes = (
  spec: NetworkSpec,
  genotype: Genotype,
  kind: NetworkKind,
  { auxiliary = false }: { readonly auxiliary?: boolean } = {},
): Readonly<Record<string, Shape>> =>
  Object.fromEntries(
    partsOf({ ...spec, auxiliary }, kind, (cell, edge) => [genotype[cell][edge]!], byNode).flatMap(part =>
      part.kind === 'normalization' ? [[part.name, [part.channels]] as const] : [],
    ),
  )
