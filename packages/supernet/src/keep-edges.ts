import { inputNodes } from './cell.js'
import type { Genotype } from './genotype.js'
import type { Space } from './space.js'

/** A number for every edge, in the order of the space's edges. */
export interface EdgeScores {
  readonly normal: readonly number[]
  readonly reduce: readonly number[]
}

/**
 * The final architecture with only so many inputs kept on every intermediate node; the other edges become `none`.
 * With 2, as in DARTS, the two edges of highest score stay among those that are not `none` already (at equal scores the
 * one that comes first); the scores are the indicators (mean z) of the operations that won. With 'all', as in CP-NAS, nothing changes.
 */
export const keepEdges = (
  space: Pick<Space, 'edges' | 'nodes'>,
  genotype: Genotype,
  keep: 'all' | 2,
  scores: EdgeScores,
): Genotype =>
  keep === 'all'
    ? genotype
    : {
        normal: strongest(space, genotype.normal, keep, scores.normal),
        reduce: strongest(space, genotype.reduce, keep, scores.reduce),
      }

const strongest = (
  { edges, nodes }: Pick<Space, 'edges' | 'nodes'>,
  cell: readonly string[],
  keep: number,
  scores: readonly number[],
): readonly string[] => {
  const kept = Array.from({ length: nodes }, (_, i) =>
    cell
      .map((_, edge) => edge)
      .filter(edge => edges[edge]!.to === inputNodes + i && cell[edge] !== 'none')
      .sort((a, b) => scores[b]! - scores[a]!)
      .slice(0, keep),
  ).flat()
  return cell.map((operation, edge) => (kept.includes(edge) ? operation : 'none'))
}
