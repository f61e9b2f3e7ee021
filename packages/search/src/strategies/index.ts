import type { SearchConfig } from '../config.js'
import type { Strategy, StrategyRecord } from '../strategy.js'
import { cpNas } from './cp-nas.js'
import { random } from './random.js'
import { regularizedEvolution } from './regularized-evolution.js'

/** Every strategy by name. To add one, add its record here. */
export const strategies: Readonly<Record<string, StrategyRecord>> = {
  'cp-nas': cpNas,
  random,
  'regularized-evolution': regularizedEvolution,
}

/** The strategy of a configuration that has been checked. */
export const strategyOf = (config: SearchConfig): Strategy => strategies[config.strategy]!.create(config)
