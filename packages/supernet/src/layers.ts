import type { Shape } from '@cpnas/backends'
import { type CellKind, edges, inputNodes, intermediateNodes } from './cell.js'
import type { Genotype } from './genotype.js'
import { type Operation, operations, separableOf } from './operations.js'
import { type CellPlan, cellPlans, type NetworkSpec, resolveSpec, stemChannels } from './spec.js'

/** `child`: 1-bit weights and activations. `parent`: the same architecture in full precision. */
export type NetworkKind = 'child' | 'parent'

/** A parameter of the network. */
export interface Layer {
  /** Name of its tensor, e.g. `cells.3.edges.5.sep_conv_3x3.depthwise`. */
  readonly name: string
  /** `vector`: gamma and beta of the stem's normalization, the classifier's bias, PReLU slopes. */
  readonly kind: 'conv' | 'depthwise' | 'dense' | 'vector'
  /** [kh, kw, cin, cout], [kh, kw, channels], [features, classes] or [channels]. */
  readonly shape: Shape
  /** Its weights are latent weights of 1-bit filters in the Child. */
  readonly binary: boolean
  /** How often the image has been halved (rounded up) at its output; 0 for vectors and the classifier. */
  readonly halvings: number
}

/** Parameter names of the parts of a network that several modules speak of. */
export const edgeName = (cell: number, edge: number, operation: Operation): string =>
  `cells.${cell}.edges.${edge}.${operation}`
export const inputName = (cell: number, input: number): string => `cells.${cell}.inputs.${input}`

const conv = (name: string, shape: Shape, binary: boolean, halvings: number): Layer => ({
  name,
  kind: shape.length === 4 ? 'conv' : 'depthwise',
  shape,
  binary,
  halvings,
})

const vector = (name: string, size: number): Layer => ({
  name,
  kind: 'vector',
  shape: [size],
  binary: false,
  halvings: 0,
})

/** The factorized reduction: 1x1 convolutions of the even and of the odd pixels. */
const reduction = (prefix: string, cin: number, cout: number, binary: boolean, halvings: number): readonly Layer[] => {
  const half = Math.floor(cout / 2)
  return [
    conv(`${prefix}.even`, [1, 1, cin, half], binary, halvings),
    conv(`${prefix}.odd`, [1, 1, cin, cout - half], binary, halvings),
  ]
}

const inputLayers = (spec: Required<NetworkSpec>, plan: CellPlan, input: 0 | 1): readonly Layer[] => {
  const name = inputName(plan.index, input)
  const cin = plan.inputChannels[input]
  const binary = spec.preprocessPrecision === 'binary'
  return input === 0 && plan.previousReduced
    ? reduction(name, cin, plan.channels, binary, plan.halvings)
    : [conv(`${name}.pointwise`, [1, 1, cin, plan.channels], binary, plan.halvings)]
}

const operationLayers = (
  { sepConvRepeat, prelu }: Required<NetworkSpec>,
  { index, channels, kind, halvings }: CellPlan,
  edge: number,
  operation: Operation,
): readonly Layer[] => {
  const prefix = edgeName(index, edge, operation)
  const output = kind === 'reduce' ? halvings + 1 : halvings
  const separable = separableOf(operation)
  if (separable) {
    const pair = (suffix: string): readonly Layer[] => [
      conv(`${prefix}.depthwise${suffix}`, [separable.size, separable.size, channels], true, output),
      conv(`${prefix}.pointwise${suffix}`, [1, 1, channels, channels], true, output),
    ]
    return [
      ...pair(''),
      ...(separable.repeatable && sepConvRepeat === 2 ? pair('2') : []),
      ...(prelu ? [vector(`${prefix}.slope`, channels)] : []),
    ]
  }
  return operation === 'skip_connect' && strideOf(kind, edge) === 2
    ? reduction(prefix, channels, channels, true, output)
    : []
}

/** 2 on the edges of a reduction cell that begin at an input, 1 elsewhere. */
export const strideOf = (kind: CellKind, edge: number): 1 | 2 =>
  kind === 'reduce' && edges[edge]!.from < inputNodes ? 2 : 1

const layersOf = (
  spec: NetworkSpec,
  choices: (kind: CellKind, edge: number) => readonly Operation[],
): readonly Layer[] => {
  const resolved = resolveSpec(spec)
  const stem = stemChannels(spec)
  const plans = cellPlans(spec)
  const last = plans.at(-1)!
  return [
    conv('stem.filters', [3, 3, spec.inChannels, stem], false, 0),
    vector('stem.gamma', stem),
    vector('stem.beta', stem),
    ...plans.flatMap(plan => [
      ...inputLayers(resolved, plan, 0),
      ...inputLayers(resolved, plan, 1),
      ...edges.flatMap((_, edge) =>
        choices(plan.kind, edge).flatMap(operation => operationLayers(resolved, plan, edge, operation)),
      ),
    ]),
    {
      name: 'head.weights',
      kind: 'dense',
      shape: [intermediateNodes * last.channels, spec.classes],
      binary: false,
      halvings: 0,
    },
    vector('head.bias', spec.classes),
  ]
}

/** Every parameter of the network of a genotype, from the stem to the classifier. PReLU slopes are parameters of the Child only. */
export const networkLayers = (spec: NetworkSpec, genotype: Genotype, kind: NetworkKind): readonly Layer[] =>
  layersOf(kind === 'child' ? spec : { ...spec, prelu: false }, (cell, edge) => [genotype[cell][edge]!])

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
  shapesOf(layersOf(kind === 'child' ? spec : { ...spec, prelu: false }, () => operations))

/** Names of the parameters that the Child binarizes: the ones to clip to [-1, 1] after an update. */
export const latentNames = (spec: NetworkSpec, genotype: Genotype): readonly string[] =>
  networkLayers(spec, genotype, 'child')
    .filter(({ binary }) => binary)
    .map(({ name }) => name)
