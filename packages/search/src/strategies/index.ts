import type { SearchConfig } from '../config.js'
import type { CostOf } from '../cost.js'
import type { Strategy, StrategyRecord } from '../strategy.js'
import { antiBandit } from './anti-bandit.js'
import { bayesian } from './bayesian.js'
import { bnas, cpNas } from './cp-nas.js'
import { darts, dcpNas, pcDarts } from './darts.js'
import { nsga2 } from './nsga-ii.js'
import { random } from './random.js'
import { regularizedEvolution } from './regularized-evolution.js'
import { reinforce } from './reinforce.js'
import { successiveHalving } from './successive-halving.js'

/** Every strategy by name. To add one, add its record here. */
export const strategies: Readonly<Record<string, StrategyRecord>> = {
  'cp-nas': cpNas,
  random,
  'regularized-evolution': regularizedEvolution,
  bayesian,
  reinforce,
  'successive-halving': successiveHalving,
  'nsga-ii': nsga2,
  bnas,
  'anti-bandit': antiBandit,
  darts,
  'pc-darts': pcDarts,
  'dcp-nas': dcpNas,
}

/** The strategy of a configuration that has been checked. RangeError when it asks what an architecture costs, and `costOf` is missing. */
export const strategyOf = (config: SearchConfig, costOf?: CostOf): Strategy =>
  strategies[config.strategy]!.create(config, costOf)
