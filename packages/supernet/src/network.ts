import type { Backend, TensorRecord } from '@cpnas/backends'
import { type Blocks, blocksOver } from './blocks.js'
import { edges, inputNodes, intermediateNodes } from './cell.js'
import type { Genotype } from './genotype.js'
import type { NetworkKind } from './layers.js'
import { type CellPlan, cellPlans, type NetworkSpec, resolveSpec } from './spec.js'

export interface NetworkOutput<T> {
  /** [batch, classes] */
  readonly logits: T
  /** The last convolutional feature map, before the global mean: [batch, height, width, features]. */
  readonly features: T
}

/** Computes the network's output of images [batch, height, width, channels]. */
export type Forward = <T>(backend: Backend<T>, parameters: TensorRecord<T>, images: T) => NetworkOutput<T>

/**
 * The network of a genotype: stem (3x3 convolution, normalization), cells, global mean, linear classifier.
 * Images may have any size; reduction cells halve it, rounded up. Batch normalization uses the statistics of the batch,
 * in training and in evaluation. `parameters` holds at least those of `parameterShapes(spec, genotype, kind)`, the
 * Child's binary ones as latent weights; ShapeError if one is missing.
 *
 * A separable convolution is ReLU, depthwise, pointwise, normalization in the Parent, and sign, depthwise, normalization,
 * sign, pointwise, normalization in the Child. Preprocessing and factorized reduction are activation, convolution,
 * normalization. Source: CP-NAS, figure of the Child and Parent operations; where it is silent, DARTS.
 */
export const network =
  (spec: NetworkSpec, genotype: Genotype, kind: NetworkKind): Forward =>
  (backend, parameters, images) => {
    const blocks = blocksOver(resolveSpec(spec), kind, backend, parameters)
    const stem = blocks.stem(images)
    const [, features] = cellPlans(spec).reduce(
      ([first, second], plan) =>
        [second, backend.scope(() => cell(backend, blocks, plan, genotype, first, second))] as const,
      [stem, stem] as const,
    )
    return { features, logits: blocks.head(features) }
  }

/** Every intermediate node sums its edges; the cell's output concatenates the nodes: [batch, h, w, 4 * channels]. */
const cell = <T>(
  backend: Backend<T>,
  blocks: Blocks<T>,
  plan: CellPlan,
  genotype: Genotype,
  first: T,
  second: T,
): T => {
  const nodes = [blocks.input(plan, 0, first), blocks.input(plan, 1, second)]
  const [batch, height, width, channels] = backend.shape(nodes[0]!) as readonly [number, number, number, number]
  const half = (size: number) => (plan.kind === 'reduce' ? Math.ceil(size / 2) : size)
  for (let to = inputNodes; to < inputNodes + intermediateNodes; to++) {
    const terms = edges.flatMap((edge, index) => {
      if (edge.to !== to) return []
      const term = blocks.edge(plan, index, genotype[plan.kind][index]!, nodes[edge.from]!)
      return term ? [term] : []
    })
    nodes.push(
      terms.length > 0 ? backend.normalizedSum(terms) : backend.full(0, [batch, half(height), half(width), channels]),
    )
  }
  return backend.concat(nodes.slice(inputNodes), 3)
}
