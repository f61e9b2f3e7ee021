import { edges, inputNodes, intermediateNodes } from './cell.js'
import type { Genotype } from './genotype.js'
import type { Operation } from './operations.js'

/** A number for every edge, in the order of `edges`. */
export interface EdgeScores {
  readonly normal: readonly number[]
  readonly reduce: readonly number[]
}

/**
 * The final architecture with only so many inputs kept on every intermediate node; the other edges become `none`.
 * With 2, as in DARTS, the two edges of highest score stay among those that are not `none` already (at equal scores the
 * one that comes first); the scores are the indicators (mean z) of the operations that won. With 'all', as in CP-NAS, nothing changes.
 */
export const keepEdges = (genotype: Genotype, keep: 'all' | 2, scores: EdgeScores): Genotype =>
  keep === 'all'
    ? genotype
    : {
        normal: strongest(genotype.normal, keep, scores.normal),
        reduce: strongest(genotype.reduce, keep, scores.reduce),
      }

const strongest = (cell: readonly Operation[], keep: number, scores: readonly number[]): readonly Operation[] => {
  const kept = Array.from({ length: intermediateNodes }, (_, i) =>
    cell
      .map((_, edge) => edge)
      .filter(edge => edges[edge]!.to === inputNodes + i && cell[edge] !== 'none')
      .sort((a, b) => scores[b]! - scores[a]!)
      .slice(0, keep),
  ).flat()
  return cell.map((operation, edge) => (kept.includes(edge) ? operation : 'none'))
}
