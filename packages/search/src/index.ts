export { candidatesOf, operationsOf, type SearchConfig } from './config.js'
export { type Cost, type CostOf, excess, needsCost } from './cost.js'
export type { Done, Evaluated, Evaluator, Reporter } from './evaluator.js'
export { type Batches, type BatchSetting, batchesIn, type ProposalBatches } from './evaluators/batches.js'
export { type Performer, performSample, type SampleResult, type SampleWork } from './evaluators/delegated.js'
export { type EvaluatorRecord, evaluators } from './evaluators/index.js'
export { oneShot } from './evaluators/one-shot.js'
export { type SearchContext, scratch, sharedWeights } from './evaluators/shared-weights.js'
export { tableEvaluator } from './evaluators/table.js'
export { checkTensors, networksOf } from './evaluators/weights.js'
export { samplesOf } from './history.js'
export * from './options.js'
export * from './presets.js'
export { dartsRecipe, oneBitRecipe, type Recipe } from './recipe.js'
export { type RunSearchOptions, runSearch } from './run-search.js'
export { searchWith } from './search-with.js'
export { type CpNasState, cpNasStrategy } from './strategies/cp-nas.js'
export { strategies, strategyOf } from './strategies/index.js'
export { crowding, dominates, fronts, type Goals } from './strategies/nsga-ii.js'
export { bestOf, choose, drawGenotype, samplesStrategy } from './strategies/samples.js'
export type {
  Observation,
  Preferences,
  Proposal,
  Relaxation,
  SearchLength,
  Strategy,
  StrategyRecord,
} from './strategy.js'
export type * from './types.js'
