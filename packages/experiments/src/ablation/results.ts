import { formatValue, kebabCase } from '@cpnas/core'
import type { ImagesMeasured } from '../inner-runs.js'
import type { Trial } from './trials.js'
import type { Assignment, Value, Vary } from './vary.js'

/** Accuracies of some seeds, 0..1. */
export interface Spread {
  readonly mean: number
  /** Standard deviation over the seeds, with n - 1; null for a single one. */
  readonly deviation: number | null
  readonly accuracies: readonly number[]
}

/** A trial with its results: accuracy of the best network of each training. */
export interface TrialResult extends Trial {
  readonly accuracy: number
  readonly accuracyLast: number
  readonly accuracyParent: number | undefined
}

/** All seeds of one combination of values. */
export interface Row {
  readonly assignment: Assignment
  readonly child: Spread
  readonly parent: Spread | undefined
}

/** Mean and standard deviation (n - 1); RangeError for no values. */
export const spread = (accuracies: readonly number[]): Spread => {
  const n = accuracies.length
  if (n === 0) throw new RangeError('spread: there are no values')
  const mean = accuracies.reduce((a, b) => a + b, 0) / n
  const squares = accuracies.reduce((sum, x) => sum + (x - mean) ** 2, 0)
  return { mean, deviation: n === 1 ? null : Math.sqrt(squares / (n - 1)), accuracies }
}

/** The combinations in the order in which they come up, each with all its seeds. */
export const rowsOf = (results: readonly TrialResult[]): readonly Row[] => {
  const groups = new Map<string, TrialResult[]>()
  for (const result of results) {
    const key = JSON.stringify(result.assignment)
    groups.set(key, [...(groups.get(key) ?? []), result])
  }
  return [...groups.values()].map(group => {
    const parents = group.flatMap(({ accuracyParent }) => (accuracyParent === undefined ? [] : [accuracyParent]))
    return {
      assignment: group[0]!.assignment,
      child: spread(group.map(({ accuracy }) => accuracy)),
      parent: parents.length === 0 ? undefined : spread(parents),
    }
  })
}

const inKebabCase = (assignment: Assignment): Readonly<Record<string, Value>> =>
  Object.fromEntries(Object.entries(assignment).map(([name, value]) => [kebabCase(name), value]))

/** The content of ablation.json. Accuracies are those of the best network of a training, 0..1. */
export const resultsJson = (vary: readonly Vary[], on: ImagesMeasured, results: readonly TrialResult[]): object => ({
  format: 'cpnas-ablation-results',
  version: 1,
  on,
  vary: vary.map(({ name, values }) => ({ option: kebabCase(name), values })),
  rows: rowsOf(results).map(({ assignment, child, parent }) => ({
    values: inKebabCase(assignment),
    child,
    ...(parent === undefined ? {} : { parent }),
  })),
  runs: results.map(({ assignment, seed, accuracy, accuracyLast, accuracyParent, search, training, parent }) => ({
    values: inKebabCase(assignment),
    seed,
    accuracy,
    accuracyLast,
    ...(accuracyParent === undefined ? {} : { accuracyParent }),
    ...(search === undefined ? {} : { search }),
    training,
    ...(parent === undefined ? {} : { parent }),
  })),
})

/** A line a trial; only the names of directories can have commas, and are then in quotes. */
export const resultsCsv = (vary: readonly Vary[], results: readonly TrialResult[]): string => {
  const cell = (value: unknown): string => {
    const text = value === undefined ? '' : formatValue(value)
    return text.includes(',') ? `"${text}"` : text
  }
  const head = [
    ...vary.map(({ name }) => kebabCase(name)),
    ...['seed', 'accuracy', 'accuracy_last', 'accuracy_parent', 'search', 'training', 'parent'],
  ]
  const lines = results.map(result => [
    ...vary.map(({ name }) => result.assignment[name]),
    result.seed,
    result.accuracy,
    result.accuracyLast,
    result.accuracyParent,
    result.search,
    result.training,
    result.parent,
  ])
  return [head, ...lines].map(line => `${line.map(cell).join(',')}\n`).join('')
}
