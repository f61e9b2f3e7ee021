import { inputName, inputNodes, nodeName } from '../cell.js'
import { conv1x1, conv3x3, conv3x3Dilated } from '../operations/dense-convolution.js'
import { none } from '../operations/none.js'
import { avgPool3x3, maxPool3x3 } from '../operations/pooling.js'
import { skipConnect } from '../operations/skip-connect.js'
import { type Space, sumOf } from '../space.js'

const nodes = 4

/**
 * Dense 1-bit convolutions with a real-valued path around each: every node adds its edges to the node before it, and the last node
 * is the cell's output, so that real values pass a cell unchanged (Bi-Real net, arXiv 1808.00278; ReActNet, arXiv 2003.03488). An
 * edge comes from each of the two nodes before: eight edges. A PReLU follows every node. A 1-bit convolution begins with the sign, that of the
 * Parent with ReLU. A cell's inputs are average-pooled and projected by a float 1x1 convolution where their size differs, and else taken as
 * they are: a reduction cell halves at its inputs, and every operation has stride 1. Ours.
 */
export const residual: Space = {
  name: 'residual',
  description: 'dense 1-bit convolutions with a real-valued path around each, on 8 edges; ours',
  options: [],
  operations: [none, skipConnect, maxPool3x3, avgPool3x3, conv1x1, conv3x3, conv3x3Dilated],
  nodes,
  edges: Array.from({ length: nodes }, (_, node) => inputNodes + node).flatMap(to => [
    { from: to - 2, to },
    { from: to - 1, to },
  ]),
  reduction: 'inputs',
  stemChannels: channels => channels,
  outputChannels: channels => channels,
  input: (build, { index, kind, channels, inputChannels, previousReduced }, input, x) => {
    const name = inputName(index, input)
    const halvings = (kind === 'reduce' ? 1 : 0) + (input === 0 && previousReduced ? 1 : 0)
    if (halvings === 0 && inputChannels[input] === channels) return x
    const { backend } = build
    const pooled = Array.from({ length: halvings }).reduce<typeof x>(y => backend.avgPool(y, 3, { stride: 2 }), x)
    const projected = build.convolution(`${name}.pointwise`, pooled, channels, {
      precision: 'float',
      activation: 'identity',
    })
    return backend.batchNorm(projected, build.normalization(name, channels))
  },
  node: (build, { index }, node, terms, before) =>
    build.prelu(`${nodeName(index, node)}.slope`, sumOf(build, [...terms, { x: before.at(-1)! }])),
  output: (_, values) => values.at(-1)!,
}
