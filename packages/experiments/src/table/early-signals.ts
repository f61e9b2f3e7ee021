import type { Table, TableEntry } from '@cpnas/table'
import { mean, sampleCorrelation, sampleStandardDeviation } from 'simple-statistics'

/** How well accuracies after an epoch predict the Child's final one: a linear regression over architectures. */
export interface EarlySignal {
  /** From 1. */
  readonly epoch: number
  /** Shares of the variance that the Child's accuracy, the Parent's and both together explain. */
  readonly child: number
  readonly parent: number
  readonly both: number
  /** The weight of the Parent in the best sum of both, its share of the sum of the coefficients: what beta_P is in z. */
  readonly betaP: number
  /** Its standard error, by the delta method. */
  readonly betaPError: number
}

/** The regression of y on a and b, of so many degrees of freedom. */
const regression = (y: number[], a: number[], b: number[], freedom: number) => {
  const [ya, yb, ab] = [sampleCorrelation(y, a), sampleCorrelation(y, b), sampleCorrelation(a, b)]
  const unexplained = 1 - ab ** 2
  const both = (ya ** 2 + yb ** 2 - 2 * ya * yb * ab) / unexplained
  const [deviation, ofA, ofB] = [y, a, b].map(sampleStandardDeviation) as [number, number, number]
  const slope = (own: number, other: number, of: number): number =>
    ((own - other * ab) / unexplained) * (deviation / of)
  const errorOf = (of: number): number => (Math.sqrt(Math.max(0, 1 - both) / (unexplained * freedom)) * deviation) / of
  return { ya, yb, ab, both, a: slope(ya, yb, ofA), b: slope(yb, ya, ofB), errorA: errorOf(ofA), errorB: errorOf(ofB) }
}

const signal = (epoch: number, final: number[], child: number[], parent: number[], freedom: number): EarlySignal => {
  const { ya, yb, ab, both, a, b, errorA, errorB } = regression(final, child, parent, freedom)
  const sum = a + b
  const variance = (b * errorA) ** 2 + (a * errorB) ** 2 + 2 * a * b * ab * errorA * errorB
  return {
    epoch,
    child: ya ** 2,
    parent: yb ** 2,
    both,
    betaP: b / sum,
    betaPError: Math.sqrt(Math.max(0, variance)) / sum ** 2,
  }
}

/** Differences to the mean of the values of the same group. */
const centred = (values: readonly number[], groups: readonly number[]): number[] => {
  const sums = new Map<number, number[]>()
  for (const [i, group] of groups.entries()) sums.set(group, [...(sums.get(group) ?? []), values[i]!])
  return values.map((value, i) => value - mean(sums.get(groups[i]!)!))
}

/**
 * What accuracies after every epoch say about the end: of the first seed's Child and of the Parent, about the test accuracy of the Child's last
 * seed, whose training they know nothing of. `within`: among architectures of the same multiply-accumulates, as differences to their
 * means.
 */
export const earlySignals = (
  { entries, training }: Table,
  { within = false }: { readonly within?: boolean } = {},
): readonly EarlySignal[] => {
  const list = [...entries.values()]
  const groups = list.map(({ binaryMacs }) => (within ? binaryMacs : 0))
  const of = (value: (entry: TableEntry) => number): number[] => centred(list.map(value), groups)
  const final = of(({ child }) => child.at(-1)!.test)
  const freedom = list.length - new Set(groups).size - 2
  return Array.from({ length: training.epochs as number }, (_, epoch) =>
    signal(
      epoch + 1,
      final,
      of(({ child }) => child[0]!.validation[epoch]!),
      of(({ parent }) => parent[0]!.validation[epoch]!),
      freedom,
    ),
  )
}
