import { type FloatPart, floatParts } from '@cpnas/export'
import { byteLengths, type Choice, type PackedModel } from '@cpnas/packed'
import { thousands } from './amounts.js'
import { type Block, grid } from './layout.js'

/** Describes the engine of a packed network. */
export const packedEngineWords = ({ loop, relaxed, measured }: Choice, threads = 1): string => {
  const simd = relaxed ? 'relaxed SIMD' : 'SIMD'
  const why = measured
    ? `; on one layer look-up took ${measured.lookup.toFixed(3)} ms, popcount ${measured.popcount.toFixed(3)} ms`
    : ''
  return `XNOR, WebAssembly with ${simd}, ${threads === 1 ? 'one thread' : `${threads} threads`}, inner loop ${loop}${why}`
}

/** The parts of a packed network that stay in 32 bits, and why. */
export const floatPartLines = (parts: readonly FloatPart[]): string =>
  [
    'In 32 bits stay:',
    ...parts.map(
      ({ part, numbers, bytes, reason }) =>
        `  ${part} (${thousands(numbers)} numbers, ${thousands(bytes)} bytes): ${reason}`,
    ),
  ].join('\n')

/** Bytes of a packed file, part by part. */
export interface PackedSummary {
  readonly rows: readonly { readonly part: string; readonly count: number; readonly bytes: number }[]
  readonly bytes: number
  readonly float: readonly FloatPart[]
}

export const packedSummaryOf = (packed: PackedModel): PackedSummary => {
  const { header, metadata, image, steps, total } = byteLengths(packed)
  const kinds = [...new Set(packed.program.steps.map(({ kind }) => kind))]
  const dataOf = (kind: string) => steps.filter((_, i) => packed.program.steps[i]!.kind === kind)
  return {
    rows: [
      { part: 'header', count: 1, bytes: header },
      { part: 'metadata', count: 1, bytes: metadata },
      {
        part: 'records of all steps',
        count: steps.length,
        bytes: steps.reduce((sum, { records }) => sum + records, image),
      },
      ...kinds.map(kind => ({
        part: `numbers of ${kind}`,
        count: dataOf(kind).length,
        bytes: dataOf(kind).reduce((sum, { data }) => sum + data, 0),
      })),
    ],
    bytes: total,
    float: floatParts(packed),
  }
}

export const printPackedSummary = ({ rows, bytes, float }: PackedSummary): readonly Block[] => [
  grid(
    ['part', 'steps', 'bytes'],
    [...rows.map(row => [row.part, thousands(row.count), thousands(row.bytes)]), ['total', '', thousands(bytes)]],
    1,
  ),
  floatPartLines(float),
]
