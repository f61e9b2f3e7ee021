import type { Backend, TensorRecord } from '@cpnas/backends'
import { type Blocks, blocksOver } from './blocks.js'
import { edges, inputNodes, intermediateNodes } from './cell.js'
import type { ForwardMode, Moments } from './forward-mode.js'
import type { Genotype } from './genotype.js'
import { type NetworkKind, nodeName } from './layer.js'
import { auxiliaryCell, type CellPlan, cellPlans, type NetworkSpec, resolveSpec } from './spec.js'

/** What a network makes of images. */
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
 * The network of a genotype: stem (3x3 convolution, normalization), cells, global mean, linear classifier.
 * Images may have any size; reduction cells halve it, rounded up. Batch normalization uses the statistics of the batch,
 * in training and in evaluation, unless the mode gives others. `parameters` holds at least those of
 * `parameterShapes(spec, genotype, kind)`; ShapeError if one is missing.
 *
 * A separable convolution is ReLU, depthwise, pointwise, normalization in the Parent, and sign, depthwise, normalization,
 * sign, pointwise, normalization in the Child. Preprocessing and factorized reduction are activation, convolution,
 * normalization. Source: CP-NAS, figure of the Child and Parent operations; where it is silent, DARTS.
 *
 * The auxiliary head is float in both kinds and that of DARTS: ReLU, average pooling 5x5 of stride 3 (2 with the ImageNet
 * stem), 1x1 convolution to 128 channels, normalization, ReLU, 2x2 convolution to 768, normalization, ReLU, linear
 * classifier. So that it takes any map: one smaller than a window is extended at the bottom and the right, for the
 * pooling by pixels that do not count and for the convolution by zeros; and where more than one pixel comes out, the
 * classifier takes their mean. On DARTS's maps, 8x8 (7x7), none of this happens.
 */
export const network =
  (spec: NetworkSpec, genotype: Genotype, kind: NetworkKind, { filters = 'latent' }: NetworkOptions = {}): Forward =>
  <T>(backend: Backend<T>, parameters: TensorRecord<T>, images: T, mode: ForwardMode<T> = {}) => {
    const seen: (readonly [string, Moments<T>])[] = []
    const collect = mode.observe && ((name: string, moments: Moments<T>) => void seen.push([name, moments]))
    const blocks = blocksOver(resolveSpec(spec), kind, filters === 'given', backend, parameters, {
      ...mode,
      observe: collect,
    })
    // What a cell has observed outlives its scope with its output; so the observer gets tensors of the caller's.
    const observed = <A>(value: A): A => {
      for (const [name, moments] of seen.splice(0)) mode.observe?.(name, moments)
      return value
    }

    const outputs: T[] = [...observed(blocks.stem(images))]
    for (const plan of cellPlans(spec)) {
      const { output } = backend.scope(() => ({
        output: cell(backend, blocks, plan, genotype, outputs.at(-2)!, outputs.at(-1)!, mode.node),
        moments: seen.map(([, moments]) => moments),
      }))
      outputs.push(observed(output))
    }
    const features = outputs.at(-1)!
    const logits = blocks.head(features)
    if (!mode.auxiliary) return { features, logits }
    return { features, logits, auxiliary: observed(blocks.auxiliary(outputs[2 + auxiliaryCell(spec)]!)) }
  }

/** Every intermediate node sums its edges; the cell's output concatenates the nodes: [batch, h, w, 4 * channels]. */
const cell = <T>(
  backend: Backend<T>,
  blocks: Blocks<T>,
  plan: CellPlan,
  genotype: Genotype,
  first: T,
  second: T,
  tell: ForwardMode<T>['node'],
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
    const node = terms.length > 0 ? blocks.node(terms) : backend.full(0, [batch, half(height), half(width), channels])
    tell?.(nodeName(plan.index, to - inputNodes), node)
    nodes.push(node)
  }
  return backend.concat(nodes.slice(inputNodes), 3)
}
