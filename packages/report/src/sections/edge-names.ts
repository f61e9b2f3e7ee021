import { type Edge, inputNodes } from '@cpnas/supernet'

const nodeName = (node: number): string => (node < inputNodes ? `k−${inputNodes - node}` : String(node - inputNodes))

/** An edge as the picture of its cell names its nodes: "k−2 → 0". */
export const edgeName = ({ from, to }: Edge): string => `${nodeName(from)} → ${nodeName(to)}`

export const cellTitles = { normal: 'Normal cell', reduce: 'Reduction cell' } as const
