import type { Comparison, ComparisonRow } from '@cpnas/runs'

/** A table in words: what it says, its head and its rows. */
export interface TextTable {
  readonly title: string
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

const points = (value: number): string => (value * 100).toFixed(2)

const differenceText = (difference: ComparisonRow['difference']): readonly string[] => {
  if (difference === undefined) return ['', '']
  const { mean, error, p } = difference
  return [`${points(mean)} ± ${points(error)}`, p < 0.001 ? '< 0.001' : p.toFixed(3)]
}

const figures = ({ cost, median, quartiles, mean, tau, difference }: ComparisonRow): readonly string[] => [
  cost.toFixed(1),
  points(median),
  quartiles.map(points).join(' to '),
  points(mean),
  tau === undefined ? '' : tau.toFixed(2),
  ...differenceText(difference),
]

const figureNames = (against: string): readonly string[] => [
  'cost',
  'median',
  'quartiles',
  'mean',
  'tau',
  `to ${against}`,
  'p',
]

/** A row a strategy and budget, the best strategy of a budget first; then those on images, if there are any. */
export const comparisonTables = ({ rows, replays, against }: Omit<Comparison, 'table'>): readonly TextTable[] => {
  const replayed = rows.filter(({ onImages }) => onImages === undefined)
  const budgets = [...new Set(replayed.map(({ budget }) => budget))]
  const sorted = budgets.flatMap(budget =>
    replayed.filter(row => row.budget === budget).sort((a, b) => a.mean - b.mean),
  )
  const onTable = {
    title: `Regret in points of accuracy, ${replays} searches each; the difference to ${against} ± two standard errors, and its p`,
    head: ['strategy', 'budget', ...figureNames(against)],
    rows: sorted.map(row => [row.strategy, String(row.budget), ...figures(row)]),
  }
  const onImages = rows
    .flatMap(row => (row.onImages ? [{ row, ...row.onImages }] : []))
    .sort((a, b) => a.row.mean - b.row.mean)
  return onImages.length === 0
    ? [onTable]
    : [
        onTable,
        {
          title: `Searches on images, judged by the table; the difference to ${replays} of ${against} on the table at the same cost`,
          head: ['strategy', 'searches', 'core-seconds', ...figureNames(against)],
          rows: onImages.map(({ row, searches, coreSeconds }) => [
            row.strategy,
            String(searches),
            coreSeconds.toFixed(0),
            ...figures(row),
          ]),
        },
      ]
}
