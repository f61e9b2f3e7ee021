import { formatValue, kebabCase } from '@cpnas/core'
import type { ChartSeries } from '@cpnas/report'
import type { ImagesMeasured } from '../inner-runs.js'
import { rowsOf, type Spread, type TrialResult } from './results.js'
import type { Assignment, Value, Vary } from './vary.js'

/**
 * Accuracy over the values of the first option that is varied, as the paper draws it over beta_P: a line for every
 * combination of the others, Child and Parent apart, with the standard deviation as error bars.
 */
export const ablationChart = async (
  vary: readonly Vary[],
  on: ImagesMeasured,
  results: readonly TrialResult[],
): Promise<string> => {
  // The plotting library takes a while to load.
  const { spreadChart } = await import('@cpnas/report')
  const [first, ...others] = vary
  const { name: axis, values } = first!
  const groups = new Map<string, { readonly x: Value; readonly spread: Spread }[]>()
  const add = (name: string, x: Value, spread: Spread | undefined): void => {
    if (spread) groups.set(name, [...(groups.get(name) ?? []), { x, spread }])
  }
  const rest = (assignment: Assignment): string =>
    others.map(({ name }) => `, ${kebabCase(name)} ${formatValue(assignment[name])}`).join('')
  for (const { assignment, child, parent } of rowsOf(results)) {
    add(`Child${rest(assignment)}`, assignment[axis]!, child)
    add(`Parent${rest(assignment)}`, assignment[axis]!, parent)
  }
  const series = [...groups].map(
    ([name, points]): ChartSeries => ({
      name,
      points: points.map(({ x, spread: { mean, deviation } }) => ({
        x: typeof x === 'number' ? x : formatValue(x),
        y: mean * 100,
        ...(deviation ? { range: [(mean - deviation) * 100, (mean + deviation) * 100] as const } : {}),
      })),
    }),
  )
  return spreadChart({ x: kebabCase(axis), y: `${on} accuracy, %`, categories: values.map(formatValue), series })
}
