export type { SearchConfig } from './config.js'
export * from './options.js'
export {
  epochCount,
  epochsDone,
  initialState,
  learningRate,
  nextTask,
  roundCount,
  sampleCount,
  samplesIn,
  samplesOf,
  type Task,
} from './plan.js'
export * from './presets.js'
export * from './round.js'
export { runSearch } from './run-search.js'
export { splitsOf } from './splits.js'
export type * from './types.js'
