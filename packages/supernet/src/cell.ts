/** Nodes 0 and 1 are a cell's inputs: the outputs of the two cells before it. */
export const inputNodes = 2

/** An edge of a cell, between nodes: 0 and 1 are its inputs, 2 and on the intermediate ones. */
export interface Edge {
  readonly from: number
  readonly to: number
}

/** All normal cells share one architecture, all reduction cells (stride 2, channels doubled) another. */
export type CellKind = 'normal' | 'reduce'

/** Both kinds. */
export const cellKinds: readonly CellKind[] = ['normal', 'reduce']

/** An edge from every node to every intermediate node after it: (0,2) (1,2) (0,3) (1,3) (2,3) (0,4) ... */
export const fullyConnected = (nodes: number): readonly Edge[] =>
  Array.from({ length: nodes }, (_, i) => inputNodes + i).flatMap(to =>
    Array.from({ length: to }, (_, from) => ({ from, to })),
  )

export const edgeName = (cell: number, edge: number, operation: string): string =>
  `cells.${cell}.edges.${edge}.${operation}`
export const inputName = (cell: number, input: number): string => `cells.${cell}.inputs.${input}`
export const nodeName = (cell: number, node: number): string => `cells.${cell}.nodes.${node}`
