import { type ModelSummary, type SummaryRow, sumWeights, type Weight } from '@cpnas/model'
import { thousands } from './amounts.js'
import { type Block, type Grid, grid } from './layout.js'

const amounts = ({ binaryWeights, floatWeights, binaryMacs, floatMacs, bytes }: Weight): readonly string[] =>
  [binaryWeights, floatWeights, binaryMacs, floatMacs, bytes].map(thousands)

const columns = ['1-bit weights', '32-bit weights', '1-bit MACs', '32-bit MACs', 'bytes'] as const

/** Rows of the same key together, in the order of the first of each. */
const grouped = (
  rows: readonly SummaryRow[],
  keyOf: (row: SummaryRow) => string,
): readonly (readonly SummaryRow[])[] => {
  const groups = new Map<string, SummaryRow[]>()
  for (const row of rows) groups.set(keyOf(row), [...(groups.get(keyOf(row)) ?? []), row])
  return [...groups.values()]
}

const totals = ({ kind, total, parent }: ModelSummary, words: number): readonly (readonly string[])[] =>
  [['total', total] as const, ...(kind === 'child' ? [['its Parent', parent] as const] : [])].map(([name, weight]) => [
    name,
    ...Array<string>(words - 1).fill(''),
    ...amounts(weight),
  ])

/** By part of the network and kind of layer: a cell has many layers of the same kind. */
const groupTable = (summary: ModelSummary): Grid =>
  grid(
    ['part', 'kind', 'layers', ...columns],
    [
      ...grouped(summary.rows, ({ part, kind, reason }) => `${part} ${kind} ${reason}`).map(rows => [
        rows[0]!.part,
        rows[0]!.kind,
        String(rows.length),
        ...amounts(sumWeights(rows)),
      ]),
      ...totals(summary, 3),
    ],
    2,
  )

const layerTable = (summary: ModelSummary): Grid =>
  grid(
    ['layer', 'kind', 'shape', ...columns],
    [...summary.rows.map(row => [row.name, row.kind, row.shape.join('x'), ...amounts(row)]), ...totals(summary, 3)],
    3,
  )

/** The parts that stay in 32 bits, and why. */
const reasonLines = ({ rows }: ModelSummary): readonly string[] => {
  const float = grouped(
    rows.filter(({ reason }) => reason !== undefined),
    ({ kind, reason }) => `${kind} ${reason}`,
  )
  return [
    'In 32 bits stay:',
    ...float.map(group => {
      const { floatWeights, bytes } = sumWeights(group)
      const { kind, name, reason } = group[0]!
      const layers = group.length === 1 ? name : `${group.length} of kind ${kind}`
      return `  ${layers} (${thousands(floatWeights)} weights, ${thousands(bytes)} bytes): ${reason}`
    }),
  ]
}

const fileLine = ({ kind, bytes, parent, compression }: ModelSummary): string =>
  kind === 'child'
    ? `The model file has ${thousands(bytes)} bytes; that of its Parent has ${thousands(parent.bytes)}, ${compression.toFixed(1)} times as many.`
    : `The model file has ${thousands(bytes)} bytes, all in full precision.`

/** A network's size as text: by cell and kind of layer, or every layer. */
export const printModelSummary = (summary: ModelSummary, everyLayer: boolean): readonly Block[] => {
  const { height, width, channels } = summary.image
  return [
    everyLayer ? layerTable(summary) : groupTable(summary),
    fileLine(summary),
    ...reasonLines(summary),
    `MACs: multiply-accumulates of convolutions and of the classifier for an image of ${height}x${width}x${channels}.`,
    'Not counted: normalization, scales, PReLU, pooling and the sums of edges.',
  ]
}
