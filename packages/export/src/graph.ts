import { backendOf, type StoredTensors, Tensor } from '@cpnas/backends'
import { network } from '@cpnas/supernet'
import type { Model } from '@cpnas/training'
import type { Images, Node } from './graph-nodes.js'
import { recordingEngine } from './recording-engine.js'

/** A network in evaluation mode as the operations that it consists of. */
export interface Graph {
  /** In the order in which they were made, so that operands come before what is made of them. */
  readonly nodes: readonly Node[]
  /** [1, height, width, channels], normalized. */
  readonly images: Images
  /** [1, classes] */
  readonly scores: Node
  /**
   * Parameters and statistics have their own names (`cells.0.edges.4.sep_conv_3x3.depthwise`, `stem.mean`), the factors that a
   * normalization NAME folds to are NAME.scale and NAME.shift, the intermediate nodes of cells are `cells.0.nodes.3`.
   */
  readonly names: ReadonlyMap<Node, string>
}

/**
 * What `network` of @cpnas/supernet computes of one image in evaluation mode: it is run once on an engine that computes nothing and notes
 * what it is asked for. So there is only one description of a network; operations that the recording does not know are refused by name (a
 * Refusal).
 */
export const graphOf = (
  model: Pick<Model, 'spec' | 'genotype' | 'kind' | 'image' | 'parameters' | 'statistics'>,
): Graph => {
  const { kernels, nodes, names } = recordingEngine()
  const backend = backendOf(kernels)
  const named = (tensors: StoredTensors): Readonly<Record<string, Tensor<Node>>> =>
    Object.fromEntries(
      Object.entries(tensors).map(([name, { shape, values }]) => {
        const tensor = backend.tensor(values, shape)
        names.set(tensor.handle, name)
        return [name, tensor]
      }),
    )
  const { height, width, channels } = model.image
  const images: Images = { kind: 'images', shape: [1, height, width, channels] }
  nodes.push(images)
  const parameters = named(model.parameters)
  const statistics = named(model.statistics)
  const forward = network({ ...model.spec, auxiliary: false }, model.genotype, model.kind, { filters: 'given' })
  const { logits } = forward(backend, parameters, new Tensor<Node>(images, images.shape), {
    statistics,
    node: (name, { handle }) => void names.set(handle, name),
  })
  return { nodes, images, scores: logits.handle, names }
}
