import type { Genotype } from '@cpnas/supernet'
import type { SearchConfig } from './config.js'

/** What the packed Child of an architecture costs. */
export interface Cost {
  /** Of an image, on one thread of the machine that the search is for. */
  readonly milliseconds: number
  /** Of its file, in 1,000 bytes. */
  readonly kilobytes: number
}

/** What architectures cost: a function, without noise, so that a search can be repeated. */
export type CostOf = (architecture: Genotype) => Cost

/** For strategies that never ask. */
export const noCost: CostOf = () => {
  throw new RangeError('a search with two goals or a target has to know what architectures cost')
}

/** Whether a search has to know costs: it has two goals, or a target. */
export const needsCost = ({
  strategy,
  targetMs,
  targetKb,
}: Pick<SearchConfig, 'strategy' | 'targetMs' | 'targetKb'>): boolean =>
  strategy === 'nsga-ii' || targetMs > 0 || targetKb > 0

/** By how much a cost exceeds the targets, at most 0 if it meets them: the larger excess, as a share of its target. */
export const excess = (
  { targetMs, targetKb }: Pick<SearchConfig, 'targetMs' | 'targetKb'>,
  { milliseconds, kilobytes }: Cost,
): number =>
  Math.max(
    targetMs > 0 ? milliseconds / targetMs - 1 : Number.NEGATIVE_INFINITY,
    targetKb > 0 ? kilobytes / targetKb - 1 : Number.NEGATIVE_INFINITY,
  )
