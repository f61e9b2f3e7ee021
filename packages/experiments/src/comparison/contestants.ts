import { presets, type SearchConfig, strategies } from '@cpnas/search'
import { tiny } from '@cpnas/supernet'

/** Trainings to the end that a table's search may cost; a Parent costs as many as a Child. */
export type Budget = number

const operations = tiny.operations.length
/** Samples of an elimination with one pass. */
const samplesOfPass = ((operations - 1) * (operations + 2)) / 2

const networksOf = (strategy: string): number => (strategies[strategy]!.usesParent ? 2 : 1)

/** What a strategy costs at least: one that goes by passes takes a whole one. */
export const leastBudget = (strategy: string): Budget =>
  networksOf(strategy) * (strategies[strategy]!.options.includes('passes') ? samplesOfPass : 1)

const within = (value: number, lowest: number, highest: number): number =>
  Math.max(lowest, Math.min(highest, Math.round(value)))

/**
 * The configuration of a strategy that spends a budget: as many samples or passes as fit. `betaP` is for `cp-nas`. The population of an
 * evolution is a fifth of its samples and its tournament a quarter of that, in the proportions of Real et al.; `successive-halving`
 * begins with as many architectures as cost the budget, with eta 3. The budget is at least `leastBudget`.
 */
export const contestantFor = (
  strategy: string,
  budget: Budget,
  { epochs, seed, betaP }: { readonly epochs: number; readonly seed: number; readonly betaP?: number },
): SearchConfig => {
  const samples = Math.floor(budget / networksOf(strategy))
  const population = within(samples / 5, 4, 100)
  const eta = 3
  const rungs = Math.floor(Math.log(epochs) / Math.log(eta) + 1e-9) + 1
  return {
    ...presets.quick,
    space: tiny.name,
    evaluator: 'scratch',
    strategy,
    seed,
    epochsPerSample: epochs,
    warmupEpochs: 0,
    betaP: betaP ?? presets.quick.betaP,
    samples:
      strategy === 'successive-halving' ? Math.max(1, Math.floor((samples * eta ** (rungs - 1)) / rungs)) : samples,
    passes: Math.max(1, Math.floor(samples / samplesOfPass)),
    population,
    tournament: within(population / 4, 2, 25),
    eta,
  }
}
