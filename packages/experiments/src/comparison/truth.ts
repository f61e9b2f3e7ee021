import { type CostOf, type SearchState, type Strategy, strategyOf } from '@cpnas/search'
import { allCells, lookUp, type Table, type TableEntry } from '@cpnas/table'
import { kendallTau } from '../statistics.js'
import { meanTest } from '../table/figures.js'

/** What a table knows of all cells that are made of some operations. */
export interface Truth {
  readonly table: Table
  readonly operations: readonly string[]
  readonly entries: readonly TableEntry[]
  /** Of the Children, the means of their seeds; the best of them. */
  readonly accuracies: readonly number[]
  readonly best: number
}

/** The truth of a table that has all of these cells. */
export const truthOf = (table: Table, operations: readonly string[]): Truth => {
  const entries = allCells(operations).map(cell => lookUp(table, cell)!)
  const accuracies = entries.map(({ child }) => meanTest(child))
  return { table, operations, entries, accuracies, best: Math.max(...accuracies) }
}

const costOf =
  (table: Table): CostOf =>
  ({ normal }) => {
    const { milliseconds, bytes } = lookUp(table, normal)!
    return { milliseconds, kilobytes: bytes / 1000 }
  }

/** The strategy of a configuration, which a table tells what architectures cost. */
export const strategyWith = (table: Table, config: Parameters<typeof strategyOf>[0]): Strategy =>
  strategyOf(config, costOf(table))

/** How good a search was. */
export interface Verdict {
  /** How far the found Child's accuracy is behind the best, 0..1. */
  readonly regret: number
  /** Kendall's tau between the strategy's scores of all cells and their accuracies; undefined without scores. */
  readonly tau: number | undefined
}

/** What the truth says of a search that ended in a state, with this cell. */
export const judge = (
  { table, entries, accuracies, best }: Truth,
  strategy: Strategy,
  state: SearchState,
  found: readonly string[],
): Verdict => {
  const score = strategy.score?.(state)
  return {
    regret: best - meanTest(lookUp(table, found)!.child),
    tau:
      score &&
      kendallTau(
        entries.map(({ cell }) => score({ normal: cell, reduce: cell })),
        accuracies,
      ),
  }
}
