import type { Backend, TensorRecord } from '@cpnas/backends'
import { auxiliaryHead } from './auxiliary.js'
import { builderOver, named, sharingPools } from './builder.js'
import { type CellKind, edgeName, inputNodes, nodeName } from './cell.js'
import type { ForwardMode, Moments } from './forward-mode.js'
import { type Architecture, operationsOn } from './genotype.js'
import { auxiliaryCell, cellPlans, stemPlans } from './plan.js'
import {
  type Builder,
  type CellPlan,
  type NetworkKind,
  type NetworkSpec,
  type Operation,
  type Parameter,
  type Space,
  sumOf,
  type WeightedTerm,
} from './space.js'
import { resolveSpec, spaceOf } from './spec.js'

/** The output of a network. */
export interface NetworkOutput<T> {
  /** [batch, classes] */
  readonly logits: T
  /** The last convolutional feature map, before the global mean: [batch, height, width, features]. */
  readonly features: T
  /** The auxiliary classifier's logits [batch, classes], if the mode asks for them. */
  readonly auxiliary?: T
}

/** Computes the network's output of images [batch, height, width, channels]. Default mode: batch statistics, nothing else. */
export type Forward = <T>(
  backend: Backend<T>,
  parameters: TensorRecord<T>,
  images: T,
  mode?: ForwardMode<T>,
) => NetworkOutput<T>

/** How a network takes its parameters. */
export interface NetworkOptions {
  /**
   * What the Child's binary parameters are. `latent` (default): latent weights, reconstructed to alpha * +-1 with the
   * estimator's gradient. `given`: filters, used as they are: reconstructed already (a trained model), or float, with 1-bit
   * activations alone (the first stage of a training in two).
   */
  readonly filters?: 'latent' | 'given'
}

/**
 * The network of an architecture: stem (3x3 convolution, normalization), cells, global mean, linear classifier. A genotype has
 * one operation on every edge; of a mixture an edge adds several, each by the weight that the mode gives it (1 by default):
 * a supernet. What operations and cells compute is said by the space of the spec.
 * Images may have any size; reduction cells halve it, rounded up. Batch normalization uses the statistics of the batch,
 * in training and in evaluation, unless the mode gives others. `parameters` holds at least those of
 * `parameterShapes(spec, architecture, kind)`; ShapeError if one is missing.
 *
 * The auxiliary head is float in both kinds and that of DARTS. So that it takes any map: one smaller than a window is extended
 * at the bottom and the right, for the pooling by pixels that do not count and for the convolution by zeros; and where more
 * than one pixel comes out, the classifier takes their mean. On DARTS's maps, 8x8 (7x7), none of this happens.
 */
export const network = (
  spec: NetworkSpec,
  architecture: Architecture,
  kind: NetworkKind,
  { filters = 'latent' }: NetworkOptions = {},
): Forward => {
  const forward = networkOver(spec, architecture, kind, filters)
  return (backend, parameters, images, mode) =>
    forward(backend, ({ name }) => named(parameters, name, 'parameter'), images, mode)
}

/** As `network`, of parameters that are asked for one by one, in the order in which the forward pass needs them first. */
export const networkOver =
  (spec: NetworkSpec, architecture: Architecture, kind: NetworkKind, filters: 'latent' | 'given') =>
  <T>(
    backend: Backend<T>,
    parameter: (parameter: Parameter) => T,
    images: T,
    mode: ForwardMode<T> = {},
  ): NetworkOutput<T> => {
    const seen: (readonly [string, Moments<T>])[] = []
    const observe = mode.observe && ((name: string, moments: Moments<T>) => void seen.push([name, moments]))
    const build = builderOver(resolveSpec(spec), kind, filters === 'given', backend, parameter, { ...mode, observe })
    // Observed tensors outlive the cell's scope together with its output, so the observer gets tensors of the caller's scope.
    const observed = <A>(value: A): A => {
      for (const [name, moments] of seen.splice(0)) mode.observe?.(name, moments)
      return value
    }

    const space = spaceOf(spec)
    const choices = choicesOf(space, architecture)
    const outputs: T[] = [...observed(stem(build, images))]
    for (const plan of cellPlans(spec)) {
      const { output } = backend.scope(() => ({
        output: cell(sharingPools(build), space, plan, choices[plan.kind], outputs.at(-2)!, outputs.at(-1)!, mode),
        moments: seen.map(([, moments]) => moments),
      }))
      outputs.push(observed(output))
    }
    const features = outputs.at(-1)!
    const logits = build.classifier('head', features)
    if (!mode.auxiliary) return { features, logits }
    return { features, logits, auxiliary: observed(auxiliaryHead(build, outputs[2 + auxiliaryCell(spec)]!)) }
  }

type Choices = readonly (readonly Operation[])[]

const choicesOf = (space: Space, architecture: Architecture): Readonly<Record<CellKind, Choices>> => {
  const known = new Map(space.operations.map(operation => [operation.name, operation]))
  const of = (kind: CellKind): Choices =>
    space.edges.map((_, edge) =>
      operationsOn(architecture, kind, edge).map(name => {
        const operation = known.get(name)
        if (operation === undefined) throw new RangeError(`network: ${name} is no operation of the space ${space.name}`)
        return operation
      }),
    )
  return { normal: of('normal'), reduce: of('reduce') }
}

/** The inputs of the first cell. */
const stem = <T>(build: Builder<T>, images: T): readonly [T, T] => {
  const [first, ...others] = stemPlans(build.spec)
  const convolve = (x: T, { name, channels, stride }: typeof first, activation: 'identity' | 'relu'): T =>
    build.backend.batchNorm(
      build.convolution(`${name}.filters`, x, channels, { size: 3, stride, precision: 'float', activation }),
      build.normalization(name, channels, true),
    )
  const start = convolve(images, first, 'identity')
  return others.reduce<readonly [T, T]>(([, x], plan) => [x, convolve(x, plan, 'relu')], [start, start])
}

const cell = <T>(
  build: Builder<T>,
  space: Space,
  plan: CellPlan,
  choices: Choices,
  first: T,
  second: T,
  mode: ForwardMode<T>,
): T => {
  const nodes = [space.input(build, plan, 0, first), space.input(build, plan, 1, second)]
  for (let node = 0; node < space.nodes; node++) {
    const terms = space.edges.flatMap(({ from, to }, edge) =>
      to === inputNodes + node ? edgeTerms(build, { space, plan, edge, mode }, choices[edge]!, nodes[from]!) : [],
    )
    const value = space.node(build, plan, node, terms, nodes)
    mode.node?.(nodeName(plan.index, node), value)
    nodes.push(value)
  }
  return space.output(build, nodes.slice(inputNodes))
}

/** An edge of a cell, and how the network is run. */
interface EdgeContext<T> {
  readonly space: Space
  readonly plan: CellPlan
  readonly edge: number
  readonly mode: ForwardMode<T>
}

/** What an edge adds to the node at its end. */
const edgeTerms = <T>(
  build: Builder<T>,
  context: EdgeContext<T>,
  operations: readonly Operation[],
  x: T,
): readonly WeightedTerm<T>[] => {
  const { space, plan, edge, mode } = context
  const halves = plan.kind === 'reduce' && space.reduction === 'edges' && space.edges[edge]!.from < inputNodes
  const stride = halves ? 2 : 1
  const of = (x: T, channels: number): readonly WeightedTerm<T>[] =>
    operations.flatMap(operation => operationTerms(build, context, operation, x, stride, channels))
  const { partialChannels } = build.spec
  const terms =
    partialChannels === 1
      ? of(x, plan.channels)
      : [{ x: partialEdge(build, x, stride, part => of(part, plan.channels / partialChannels)) }]
  const weight = terms.length === 0 ? undefined : mode.edgeWeight?.({ cell: plan.index, kind: plan.kind, edge })
  return weight === undefined ? terms : terms.map(term => ({ ...term, factor: product(build, term.factor, weight) }))
}

const product = <T>({ backend }: Builder<T>, a: T | undefined, b: T): T => (a === undefined ? b : backend.mul(a, b))

/** The first of K parts of x through operations, the rest past them; shuffled so that each part of the result has channels of all parts. */
const partialEdge = <T>(
  build: Builder<T>,
  x: T,
  stride: 1 | 2,
  termsOf: (part: T) => readonly WeightedTerm<T>[],
): T => {
  const { backend, spec } = build
  const [batch = 0, height = 0, width = 0, channels = 0] = backend.shape(x)
  const inner = channels / spec.partialChannels
  const passing = backend.slice(x, [0, 0, 0, inner], [batch, height, width, channels - inner])
  const rest = stride === 1 ? passing : backend.maxPool(passing, 2, { stride })
  const [, outHeight = 0, outWidth = 0] = backend.shape(rest)
  const terms = termsOf(backend.slice(x, [0, 0, 0, 0], [batch, height, width, inner]))
  const sum = terms.length === 0 ? backend.full(0, [batch, outHeight, outWidth, inner]) : sumOf(build, terms)
  const parts = backend.reshape(backend.concat([sum, rest], 3), [
    batch * outHeight * outWidth,
    spec.partialChannels,
    inner,
  ])
  return backend.reshape(backend.transpose(parts, [0, 2, 1]), [batch, outHeight, outWidth, channels])
}

/** What an operation adds to the node at the end of its edge. */
const operationTerms = <T>(
  build: Builder<T>,
  { plan: { index, kind }, edge, mode: { dropPath, weight } }: EdgeContext<T>,
  operation: Operation,
  x: T,
  stride: 1 | 2,
  channels: number,
): readonly WeightedTerm<T>[] => {
  const name = edgeName(index, edge, operation.name)
  const terms = operation.forward(build, x, { name, stride, channels })
  const isIdentity = terms.every(term => term.x === x)
  const mask = isIdentity ? undefined : dropPath?.(name)
  const ofOperation = terms.length === 0 ? undefined : weight?.({ cell: index, kind, edge, operation: operation.name })
  if (mask === undefined && ofOperation === undefined) return terms
  const factor = ofOperation === undefined ? mask! : product(build, mask, ofOperation)
  return terms.map(term => ({ ...term, factor }))
}
