import { allCells, restrictTo, type Table, type TableEntry, tinyOperations } from '@cpnas/table'
import { mean, median, sampleRankCorrelation, sampleStandardDeviation } from 'simple-statistics'
import { type EarlySignal, earlySignals } from './early-signals.js'

/** What a table says as a whole. Accuracies and deviations are fractions in 0..1. */
export interface TableFigures {
  /** The operations that they are made of, how many architectures there are in it, and in its space. */
  readonly operations: readonly string[]
  readonly architectures: number
  readonly all: number
  /** Test accuracy of the Children, the mean of an architecture's seeds: over all architectures. */
  readonly child: ValueSpread
  readonly parent: ValueSpread
  /** Standard deviation of a Child's test accuracy over its seeds, pooled over architectures; undefined with one seed. */
  readonly seedDeviation: number | undefined
  /** Spearman's rank correlations of test accuracies, undefined where there is nothing to correlate. */
  readonly correlations: {
    /** Between the first two seeds of the Child. */
    readonly seeds: number | undefined
    /** Between Child and Parent. */
    readonly parent: number
    /** Between the Child and its multiply-accumulates. */
    readonly macs: number
    /** Between the Child and its first seed's validation accuracy after one epoch. */
    readonly firstEpoch: number
  }
  /** The architecture whose Child has the highest mean test accuracy. */
  readonly best: TableEntry
  /** The first of the architectures of most multiply-accumulates, and how far its Child is behind the best: what no search at all finds. */
  readonly largest: TableEntry
  readonly largestRegret: number
  /** What early accuracies say about the end, over all architectures, and among those of the same multiply-accumulates. */
  readonly signals: readonly EarlySignal[]
  readonly signalsWithin: readonly EarlySignal[]
}

/** How values are distributed. */
export interface ValueSpread {
  readonly lowest: number
  readonly median: number
  readonly highest: number
  readonly deviation: number
}

/** Mean test accuracy of an architecture's trainings. */
export const meanTest = (trainings: TableEntry['child']): number => mean(trainings.map(({ test }) => test))

const spreadOf = (values: number[]): ValueSpread => ({
  lowest: Math.min(...values),
  median: median(values),
  highest: Math.max(...values),
  deviation: sampleStandardDeviation(values),
})

/** The root of the mean variance of an architecture's seeds. */
const deviationOfSeeds = (entries: readonly TableEntry[]): number =>
  Math.sqrt(mean(entries.map(({ child }) => sampleStandardDeviation(child.map(({ test }) => test)) ** 2)))

/** The figures of the architectures made of some operations, of which there are at least two. Default: all of the table. */
export const figuresOfTable = (whole: Table, operations = tinyOperations): TableFigures => {
  const table = restrictTo(whole, operations)
  const list = [...table.entries.values()]
  const children = list.map(({ child }) => meanTest(child))
  const parents = list.map(({ parent }) => meanTest(parent))
  const seeds = Math.min(...list.map(({ child }) => child.length))
  const best = list[children.indexOf(Math.max(...children))]!
  const largest = list.reduce((a, b) => (b.binaryMacs > a.binaryMacs ? b : a))
  const seed = (index: number): number[] => list.map(({ child }) => child[index]!.test)
  return {
    operations,
    architectures: list.length,
    all: allCells(operations).length,
    child: spreadOf(children),
    parent: spreadOf(parents),
    seedDeviation: seeds > 1 ? deviationOfSeeds(list) : undefined,
    correlations: {
      seeds: seeds > 1 ? sampleRankCorrelation(seed(0), seed(1)) : undefined,
      parent: sampleRankCorrelation(children, parents),
      macs: sampleRankCorrelation(
        children,
        list.map(({ binaryMacs, floatMacs }) => binaryMacs + floatMacs),
      ),
      firstEpoch: sampleRankCorrelation(
        children,
        list.map(({ child }) => child[0]!.validation[0]!),
      ),
    },
    best,
    largest,
    largestRegret: meanTest(best.child) - meanTest(largest.child),
    signals: earlySignals(table),
    signalsWithin: earlySignals(table, { within: true }),
  }
}
