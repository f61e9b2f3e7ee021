import type { Model } from '@cpnas/training'
import { graphOf } from '../graph.js'
import type { PackOptions } from '../pack.js'
import { version } from '../version.js'
import { builder } from './builder.js'
import { channelsFirst } from './layout.js'
import { lower } from './lower.js'
import { encodeOnnx } from './proto.js'

/** What an image has to be like, and what scores mean, as JSON by name. */
const metadataOf = (
  { classNames, image, normalization, trainedOn }: Model,
  licence: string | undefined,
): Readonly<Record<string, string>> => ({
  classes: JSON.stringify(classNames),
  image: JSON.stringify(image),
  normalization: JSON.stringify(normalization),
  ...(trainedOn === undefined ? {} : { trainedOn: JSON.stringify(trainedOn) }),
  madeBy: JSON.stringify(`cpnas ${version}`),
  ...(licence === undefined ? {} : { licence: JSON.stringify(licence) }),
})

/**
 * A model, Child or Parent, as an ONNX file of standard float operators, opset 13: `images` [batch, channels, height, width],
 * normalized as the model says, to `scores` [batch, classes]. Its metadata_props are JSON: `classes` (names), `image` (height, width,
 * channels), `normalization` ((byte / 255 - mean) / std per channel) and, where it is known, `trainedOn` (data set, digest, and of pictures of
 * any size the short side that they are reduced to before the square in the middle is taken); `madeBy`; `licence`, where one is given.
 */
export const toOnnx = (model: Model, { licence }: Pick<PackOptions, 'licence'> = {}): Uint8Array => {
  const graph = graphOf(model)
  const under = builder()
  const scores = lower(graph, 'images', under)
  return encodeOnnx({
    irVersion: 7,
    opset: 13,
    producer: 'cpnas',
    metadata: metadataOf(model, licence),
    graph: {
      name: `cpnas ${model.kind}`,
      nodes: under.nodes.map(node => (node.output === scores ? { ...node, output: 'scores' } : node)),
      constants: under.constants,
      inputs: [{ name: 'images', shape: ['batch', ...channelsFirst(graph.images.shape).slice(1)] }],
      outputs: [{ name: 'scores', shape: ['batch', model.spec.classes] }],
    },
  })
}
