import type { ComparisonRow } from '@cpnas/runs'
import { spreadChart } from './spread-chart.js'

/** Median regret with its quartiles over what a search cost, a line a strategy, as an SVG picture; searches on images are named as such. */
export const comparisonChart = (rows: readonly ComparisonRow[]): string => {
  const nameOf = ({ strategy, onImages }: ComparisonRow): string => (onImages ? `${strategy} (on images)` : strategy)
  const names = [...new Set(rows.map(nameOf))]
  return spreadChart({
    x: 'cost of a search, trainings',
    y: 'regret, points of accuracy',
    categories: [],
    series: names.map(name => ({
      name,
      points: rows
        .filter(row => nameOf(row) === name)
        .map(({ cost, median, quartiles: [low, high] }) => ({
          x: cost,
          y: median * 100,
          range: [low * 100, high * 100],
        })),
    })),
  })
}
