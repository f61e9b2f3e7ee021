import { fullyConnected } from '../cell.js'
import { conv3x3 } from '../operations/dense-convolution.js'
import { none } from '../operations/none.js'
import { avgPool3x3 } from '../operations/pooling.js'
import { skipConnect } from '../operations/skip-connect.js'
import type { Space } from '../space.js'
import { residual } from './residual.js'

const nodes = 2

/**
 * As `residual`, but small enough to train every network of it: four operations on five edges of one cell, 1,024 architectures. Both
 * nodes have an edge from every node before, reduction cells have the normal cells' architecture, and the stem halves the images. A node
 * without terms is the node before it, so that some architectures are the same function: see `canonicalCell`. Ours; the size follows
 * NAS-Bench-201 (arXiv 2001.00326).
 */
export const tiny: Space = {
  ...residual,
  name: 'tiny',
  description: 'four operations on the five edges of one cell: for a table of all its networks; ours',
  operations: [none, skipConnect, avgPool3x3, conv3x3],
  nodes,
  edges: fullyConnected(nodes),
  sharesCell: true,
  stemStride: 2,
  node: (build, plan, node, terms, before) =>
    terms.length > 0 ? residual.node(build, plan, node, terms, before) : before.at(-1)!,
}

/**
 * The first, in the order of operations, of the cells of `tiny` that compute the same: where the first node has no terms it is the second
 * input, and the second node's edges from both can change places.
 */
export const canonicalCell = (cell: readonly string[]): readonly string[] => {
  const [first, second, fromInput, fromSecondInput, fromNode] = cell
  if (first !== none.name || second !== none.name) return cell
  const order = (name: string | undefined): number => tiny.operations.findIndex(operation => operation.name === name)
  return order(fromSecondInput) <= order(fromNode) ? cell : [first, second, fromInput!, fromNode!, fromSecondInput!]
}
