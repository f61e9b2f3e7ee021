import { fullyConnected, inputName } from '../cell.js'
import { none } from '../operations/none.js'
import { avgPool3x3, maxPool3x3 } from '../operations/pooling.js'
import { dilConv3x3, dilConv5x5, sepConv3x3, sepConv5x5 } from '../operations/separable-convolution.js'
import { factorizedReduction, skipConnect } from '../operations/skip-connect.js'
import { emptyNode, type Space, sumOf } from '../space.js'

const nodes = 4
const featureAxis = 3

/**
 * The published space: DARTS's cell of four nodes, its K = 8 operations in their order on all 14 edges; every node sums its
 * edges, the output concatenates the nodes. A cell's inputs are brought to its channels by activation, 1x1 convolution (a
 * factorized reduction where the resolution differs) and normalization.
 * Source: CP-NAS (arXiv 2005.00057), search space; where it is silent, DARTS.
 */
export const cpNas: Space = {
  name: 'cp-nas',
  description: 'the published space: eight operations of DARTS on 14 edges (CP-NAS, arXiv 2005.00057)',
  options: ['sepConvRepeat', 'prelu', 'preprocessPrecision'],
  operations: [none, skipConnect, maxPool3x3, avgPool3x3, sepConv3x3, sepConv5x5, dilConv3x3, dilConv5x5],
  nodes,
  edges: fullyConnected(nodes),
  reduction: 'edges',
  stemChannels: channels => 3 * channels,
  outputChannels: channels => nodes * channels,
  input: (build, { index, channels, previousReduced }, input, x) => {
    const name = inputName(index, input)
    const precision = build.spec.preprocessPrecision
    const y =
      input === 0 && previousReduced
        ? factorizedReduction(build, name, x, channels, precision)
        : build.convolution(`${name}.pointwise`, x, channels, { precision })
    return build.backend.batchNorm(y, build.normalization(name, channels))
  },
  node: (build, plan, _node, terms, [x]) => (terms.length > 0 ? sumOf(build, terms) : emptyNode(build, plan, x!)),
  output: ({ backend }, values) => backend.concat(values, featureAxis),
}
