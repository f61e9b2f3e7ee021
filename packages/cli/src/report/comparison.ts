import type { ComparisonOptions, ComparisonRow } from '@cpnas/experiments'
import { type Block, grid } from './layout.js'

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

const printOnImages = (rows: readonly ComparisonRow[], { replays, against }: ComparisonOptions): readonly Block[] => {
  const onImages = rows.flatMap(row => (row.onImages ? [{ ...row, onImages: row.onImages }] : []))
  if (onImages.length === 0) return []
  return [
    `Searches on images, judged by the table; the difference to ${replays} of ${against} on the table at the same cost`,
    grid(
      ['strategy', 'searches', 'core-seconds', ...figureNames(against)],
      onImages
        .toSorted((a, b) => a.mean - b.mean)
        .map(row => [
          row.strategy,
          String(row.onImages.searches),
          row.onImages.coreSeconds.toFixed(0),
          ...figures(row),
        ]),
      1,
    ),
  ]
}

/** For people: a row a strategy and budget, the best strategy of a budget first; then those on images. */
export const printComparison = (
  rows: readonly ComparisonRow[],
  options: ComparisonOptions,
  directory: string,
): readonly Block[] => {
  const { replays, against } = options
  const replayed = rows.filter(({ onImages }) => onImages === undefined)
  const budgets = [...new Set(replayed.map(({ budget }) => budget))]
  const sorted = budgets.flatMap(budget =>
    replayed.filter(row => row.budget === budget).sort((a, b) => a.mean - b.mean),
  )
  return [
    `Regret in points of accuracy, ${replays} searches each; the difference to ${against} ± two standard errors, and its p`,
    grid(
      ['strategy', 'budget', ...figureNames(against)],
      sorted.map(row => [row.strategy, String(row.budget), ...figures(row)]),
      1,
    ),
    ...printOnImages(rows, options),
    `Files in ${directory}: compare.json, compare.svg`,
  ]
}
