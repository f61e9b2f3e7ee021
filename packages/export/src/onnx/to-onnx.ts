import type { Model } from '@cpnas/training'
import { graphOf } from '../graph.js'
import { builder } from './builder.js'
import { channelsFirst } from './layout.js'
import { lower } from './lower.js'
import { encodeOnnx } from './proto.js'

/**
 * A model, Child or Parent, as an ONNX file of standard float operators, opset 13: `images` [batch, channels, height, width],
 * normalized as the model says, to `scores` [batch, classes].
 */
export const toOnnx = (model: Model): Uint8Array => {
  const graph = graphOf(model)
  const under = builder()
  const scores = lower(graph, 'images', under)
  return encodeOnnx({
    irVersion: 7,
    opset: 13,
    producer: 'cpnas',
    metadata: {},
    graph: {
      name: `cpnas ${model.kind}`,
      nodes: under.nodes.map(node => (node.output === scores ? { ...node, output: 'scores' } : node)),
      constants: under.constants,
      inputs: [{ name: 'images', shape: ['batch', ...channelsFirst(graph.images.shape).slice(1)] }],
      outputs: [{ name: 'scores', shape: ['batch', model.spec.classes] }],
    },
  })
}
