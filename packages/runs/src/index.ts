export * from './base.js'
export * from './checkpoint.js'
export * from './directory.js'
export { type Comparison, type ComparisonRow, comparisonFiles, type Difference } from './formats/comparison.js'
export { frontFiles, type PartTimes, type SearchRunConfig, searchFiles, searchFormat } from './formats/search.js'
export {
  isText,
  parseCells,
  type TrainingRunConfig,
  type TrainingSources,
  trainingFiles,
  trainingFormat,
} from './formats/training.js'
export { type Journal, journalAt } from './journal.js'
export {
  type JournalEntry,
  type StartEntry,
  type Stretch,
  savingTimes,
  secondsWorked,
  stretches,
  type WorkedBy,
} from './journal-entries.js'
export * from './lock.js'
export { machine } from './machine.js'
export { parseEvaluation, parseJournal, parseSearchHistory, parseTrainingHistory } from './parse.js'
export * from './perform.js'
export { isSameProcess, type ProcessIdentity, thisProcess } from './process-identity.js'
export { readComparison, readRun, readRuns, runNames } from './read-run.js'
export { readText } from './read-text.js'
export type { Evaluation, Run, SearchRun, TrainingRun } from './run.js'
export { removeWorkers, type WorkerNow, workersFile, writeWorkers } from './workers.js'
