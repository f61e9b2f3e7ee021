import { noCost } from '../cost.js'
import type { StrategyRecord } from '../strategy.js'
import { bestOf, choose, drawGenotype, drawWithin, mutate, samplesStrategy, searchedKinds } from './samples.js'

/**
 * `regularized-evolution`: a population drawn uniformly; then again and again the best of a tournament (drawn with replacement)
 * is the parent of a mutation, which is evaluated and replaces the oldest. The result is the best of all.
 * Source: Real et al., Regularized Evolution for Image Classifier Architecture Search (arXiv 1802.01548): population 100,
 * tournament 25. Deviations: the edges of our spaces are fixed, so a mutation changes an operation; no identity mutations.
 */
export const regularizedEvolution: StrategyRecord = {
  description: 'mutate the best of a tournament, the oldest dies (Real et al., arXiv 1802.01548)',
  options: ['samples', 'population', 'tournament', 'targetMs', 'targetKb', 'score'],
  usesParent: false,
  create: (config, costOf = noCost) =>
    samplesStrategy(
      config,
      done => Math.max(done + 1, config.population),
      (generator, before, everywhere) =>
        drawWithin(config, costOf, () => {
          if (before.length < config.population) return drawGenotype(generator, everywhere)
          const alive = before.slice(-config.population)
          const tournament = Array.from({ length: config.tournament }, () => choose(generator, alive))
          return mutate(generator, bestOf(tournament).architecture, everywhere, searchedKinds(config))
        }),
    ),
}
