import { noCost } from '../cost.js'
import type { StrategyRecord } from '../strategy.js'
import { drawGenotype, drawWithin, samplesStrategy } from './samples.js'

/**
 * `random`: architectures drawn uniformly, of which the one with the best Child is the result. Over shared weights it is random
 * search with weight sharing (Li and Talwalkar, arXiv 1902.07638), except that there the evaluations follow the training.
 */
export const random: StrategyRecord = {
  description: 'the best of architectures drawn uniformly (Li and Talwalkar, arXiv 1902.07638)',
  options: ['samples', 'targetMs', 'targetKb', 'score'],
  usesParent: false,
  create: (config, costOf = noCost) =>
    samplesStrategy(
      config,
      () => config.samples,
      (generator, _, everywhere) => drawWithin(config, costOf, () => drawGenotype(generator, everywhere)),
    ),
}
