import { presets, type SearchConfig, strategies } from '@cpnas/search'
import { tiny } from '@cpnas/supernet'

/** Trainings to the end that a table's search may cost; a Parent costs as many as a Child. */
export type Budget = number

/** Samples of an elimination with one pass. */
const samplesOfPass = (operations: readonly string[]): number => {
  const count = operations.length
  return ((count - 1) * (count + 2)) / 2
}

const networksOf = (strategy: string): number => (strategies[strategy]!.usesParent ? 2 : 1)

/** What a strategy costs at least: one that goes by passes takes a whole one. */
export const leastBudget = (strategy: string, operations: readonly string[]): Budget =>
  networksOf(strategy) * (strategies[strategy]!.options.includes('passes') ? samplesOfPass(operations) : 1)

/** How a contestant searches. */
interface Contest {
  /** The operations that compete. */
  readonly operations: readonly string[]
  /** Epochs that a sample is trained for. */
  readonly epochs: number
  /** What samples are judged by, where the strategy lets choose: a table has losses of the end of trainings alone. */
  readonly score: SearchConfig['score']
  readonly seed: number
  /** For `cp-nas`. */
  readonly betaP?: number
}

const within = (value: number, lowest: number, highest: number): number =>
  Math.max(lowest, Math.min(highest, Math.round(value)))

/**
 * The configuration of a strategy that spends a budget: as many samples or passes as fit. The population of an
 * evolution is a fifth of its samples and its tournament a quarter of that, in the proportions of Real et al.; `successive-halving`
 * begins with as many architectures as cost the budget, with eta 3. The budget is at least `leastBudget`.
 */
export const contestantFor = (
  strategy: string,
  budget: Budget,
  { operations, epochs, score, seed, betaP }: Contest,
): SearchConfig => {
  const samples = Math.floor(budget / networksOf(strategy))
  const population = within(samples / 5, 4, 100)
  const eta = 3
  const rungs = Math.floor(Math.log(epochs) / Math.log(eta) + 1e-9) + 1
  return {
    ...presets.quick,
    space: tiny.name,
    operations,
    evaluator: 'scratch',
    score,
    strategy,
    seed,
    epochsPerSample: epochs,
    warmupEpochs: 0,
    betaP: betaP ?? presets.quick.betaP,
    samples:
      strategy === 'successive-halving' ? Math.max(1, Math.floor((samples * eta ** (rungs - 1)) / rungs)) : samples,
    passes: Math.max(1, Math.floor(samples / samplesOfPass(operations))),
    population,
    tournament: within(population / 4, 2, 25),
    eta,
  }
}
