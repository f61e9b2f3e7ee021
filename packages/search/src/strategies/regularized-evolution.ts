import { cellKinds, type Genotype, type Mixture } from '@cpnas/supernet'
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator'
import type { StrategyRecord } from '../strategy.js'
import { bestOf, choose, drawGenotype, samplesStrategy } from './samples.js'

/** Another operation on one edge of one cell, all of them alike likely. Where an edge has but one operation, it stays. */
const mutate = (generator: RandomGenerator, parent: Genotype, everywhere: Mixture): Genotype => {
  const kind = choose(generator, cellKinds)
  const edge = uniformInt(generator, 0, parent[kind].length - 1)
  const others = everywhere[kind][edge]!.filter(operation => operation !== parent[kind][edge])
  return others.length === 0 ? parent : { ...parent, [kind]: parent[kind].with(edge, choose(generator, others)) }
}

/**
 * `regularized-evolution`: a population drawn uniformly; then again and again the best of a tournament (drawn with replacement)
 * is the parent of a mutation, which is evaluated and replaces the oldest. The result is the best of all.
 * Source: Real et al., Regularized Evolution for Image Classifier Architecture Search (arXiv 1802.01548): population 100,
 * tournament 25. Deviations: the edges of our spaces are fixed, so a mutation changes an operation; no identity mutations.
 */
export const regularizedEvolution: StrategyRecord = {
  description: 'mutate the best of a tournament, the oldest dies (Real et al., arXiv 1802.01548)',
  options: ['samples', 'population', 'tournament'],
  create: config =>
    samplesStrategy(config, (generator, before, everywhere) => {
      if (before.length < config.population) return drawGenotype(generator, everywhere)
      const alive = before.slice(-config.population)
      const tournament = Array.from({ length: config.tournament }, () => choose(generator, alive))
      return mutate(generator, bestOf(tournament).architecture, everywhere)
    }),
}
