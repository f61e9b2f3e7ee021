/** Names of the files of a comparison. */
export const comparisonFiles = { json: 'compare.json', chart: 'compare.svg' } as const

/** A difference of mean regrets. */
export interface Difference {
  /** Mean regret of the strategy minus that of the one it is tested against: below 0 it is better. */
  readonly mean: number
  /** Two standard errors of it. */
  readonly error: number
  /** Of a two-sided test. */
  readonly p: number
}

/** A strategy at a budget. Regrets are fractions in 0..1. */
export interface ComparisonRow {
  /** Its name; of searches on images also their evaluator, and options that tell them from others. */
  readonly strategy: string
  /** In trainings of the table. Of searches on images that of the strategy that they are tested against: what they cost, rounded. */
  readonly budget: number
  /** What a search really cost, the mean. */
  readonly cost: number
  readonly median: number
  readonly quartiles: readonly [number, number]
  readonly mean: number
  /** Median of Kendall's tau; undefined for strategies without scores. */
  readonly tau?: number | undefined
  /** Undefined for the strategy that the others are tested against, and for a single search on images. */
  readonly difference?: Difference | undefined
  /** Of searches on images instead of the table: how many there are, and what one took on average, in seconds of a core. */
  readonly onImages?: { readonly searches: number; readonly coreSeconds: number } | undefined
}

/** The content of compare.json: strategies over a table of architectures. */
export interface Comparison {
  /** The table's file. */
  readonly table: string
  /** The operations that competed. */
  readonly operations: readonly string[]
  /** Searches of every strategy at every budget. */
  readonly replays: number
  /** The strategy that the others are tested against. */
  readonly against: string
  readonly rows: readonly ComparisonRow[]
}
