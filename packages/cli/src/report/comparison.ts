import type { ComparisonOptions, ComparisonRow } from '@cpnas/experiments'
import { type Block, grid } from './layout.js'

const points = (value: number): string => (value * 100).toFixed(2)

const differenceText = (difference: ComparisonRow['difference']): readonly string[] => {
  if (difference === undefined) return ['', '']
  const { mean, error, p } = difference
  return [`${points(mean)} ± ${points(error)}`, p < 0.001 ? '< 0.001' : p.toFixed(3)]
}

/** For people: a row a strategy and budget, the best strategy of a budget first. */
export const printComparison = (
  rows: readonly ComparisonRow[],
  { replays, against }: ComparisonOptions,
  directory: string,
): readonly Block[] => {
  const budgets = [...new Set(rows.map(({ budget }) => budget))]
  const sorted = budgets.flatMap(budget => rows.filter(row => row.budget === budget).sort((a, b) => a.mean - b.mean))
  return [
    `Regret in points of accuracy, ${replays} searches each; the difference to ${against} ± two standard errors, and its p`,
    grid(
      ['strategy', 'budget', 'cost', 'median', 'quartiles', 'mean', 'tau', `to ${against}`, 'p'],
      sorted.map(({ strategy, budget, cost, median, quartiles, mean, tau, difference }) => [
        strategy,
        String(budget),
        cost.toFixed(1),
        points(median),
        quartiles.map(points).join(' to '),
        points(mean),
        tau === undefined ? '' : tau.toFixed(2),
        ...differenceText(difference),
      ]),
      1,
    ),
    `Files in ${directory}: compare.json, compare.svg`,
  ]
}
