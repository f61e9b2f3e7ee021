/** Nodes 0 and 1 are the cell's inputs: the outputs of the two cells before it. */
export const inputNodes = 2

/** Nodes whose concatenation is the cell's output. */
export const intermediateNodes = 4

/** An edge of a cell, between nodes: 0 and 1 are its inputs, 2 to 5 the intermediate ones. */
export interface Edge {
  readonly from: number
  readonly to: number
}

/** The 14 edges in the order of genotype files: (0,2) (1,2) (0,3) (1,3) (2,3) (0,4) ... (4,5). */
export const edges: readonly Edge[] = Array.from({ length: intermediateNodes }, (_, i) => inputNodes + i).flatMap(to =>
  Array.from({ length: to }, (_, from) => ({ from, to })),
)

/** All normal cells share one architecture, all reduction cells (stride 2, channels doubled) another. */
export type CellKind = 'normal' | 'reduce'

/** Both kinds. */
export const cellKinds: readonly CellKind[] = ['normal', 'reduce']
