import { formatValue, kebabCase } from '@cpnas/core'
import { type AblationWork, ablationFiles, type Row, rowsOf, type Spread, type TrialResult } from '@cpnas/experiments'
import { shellWord } from './amounts.js'
import { percent } from './format.js'
import { type Block, grid } from './layout.js'

const spreadText = ({ mean, deviation }: Spread): string =>
  deviation === null ? percent(mean) : `${(mean * 100).toFixed(1)} ± ${percent(deviation)}`

const points = (rows: readonly Row[]): string => {
  const n = rows[0]!.child.accuracies.length
  return n === 1 ? 'one seed' : `${n} seeds, mean ± standard deviation`
}

/** For people: a row a combination of values. */
export const printAblation = (
  { vary, on }: Pick<AblationWork, 'vary' | 'on'>,
  results: readonly TrialResult[],
  directory: string,
): readonly Block[] => {
  const rows = rowsOf(results)
  const parents = rows.some(({ parent }) => parent !== undefined)
  const table = grid(
    [...vary.map(({ name }) => kebabCase(name)), 'Child', ...(parents ? ['Parent'] : [])],
    rows.map(({ assignment, child, parent }) => [
      ...vary.map(({ name }) => formatValue(assignment[name])),
      spreadText(child),
      ...(parents ? [parent === undefined ? '' : spreadText(parent)] : []),
    ]),
  )
  return [
    `${on === 'test' ? 'Test' : 'Validation'} accuracy, ${points(rows)}`,
    table,
    `Files in ${directory}: ${[ablationFiles.json, ablationFiles.csv, ablationFiles.chart].join(', ')}`,
    `Next: open ${directory}/${ablationFiles.chart}; its runs: cpnas report ${shellWord(directory)}/trainings/*/*`,
  ]
}
