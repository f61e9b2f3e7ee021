export { type AblationRunConfig, ablationFiles, ablationRun, genotypeText, varyOf } from './ablation/kind.js'
export { type AblationConfig, type AblationPreset, type FlatConfig, unflatten } from './ablation/options.js'
export { type Row, rowsOf, type Spread, type TrialResult } from './ablation/results.js'
export {
  type AblationWork,
  checkVary,
  planTrials,
  type Trial,
} from './ablation/trials.js'
export { type Assignment, formatVary, parseVary, type Value, type Vary } from './ablation/vary.js'
export {
  type AblationEvent,
  type AblationOutcome,
  type AblationPlan,
  type OpenedAblation,
  performAblation,
} from './ablation/work.js'
export * from './class-mapping.js'
export { checkComparison, replayable } from './comparison/check.js'
export {
  type ComparisonOptions,
  type ComparisonWork,
  compareOnImages,
  compareOnTable,
} from './comparison/compare.js'
export * from './config-file.js'
export type { FrontPoint } from './cost/front.js'
export type { Beginning } from './creation/beginning.js'
export type { CreationConfig, CreationPlan } from './creation/budget.js'
export { type CreationRunConfig, creationFiles, creationRun } from './creation/kind.js'
export type { Confusion, CreationResult } from './creation/result.js'
export {
  type CreationEvent,
  type CreationRequest,
  type OpenedCreation,
  type PlannedCreation,
  performCreation,
  planCreation,
} from './creation/work.js'
export * from './data.js'
export { drawCells } from './draw-cells.js'
export { givenOf, type Hyperparameters, namesOf } from './hyperparameters.js'
export { checkImages } from './images.js'
export type { BegunWith, InnerEvent, PlannedRun, PlannedSearch, PlannedTraining } from './inner-runs.js'
export { type ImagesMeasured, imagesMeasured } from './inner-runs.js'
export * from './network-summary.js'
export {
  type EngineChoice,
  engineText,
  type Opened,
  type Telling,
  type WorkersChoice,
  withBackend,
} from './open-run.js'
export { openRunner, speedOf, startPacked, timesOf } from './packed-speed.js'
export * from './plan.js'
export * from './predict.js'
export type { RunKind } from './run-kind.js'
export { type FoundRun, type RunName, runsIn } from './runs-in.js'
export * from './search/kind.js'
export { networkSizes, type SearchSummary, type Size, summarizeSearch } from './search/summary.js'
export { type OpenedSearch, performSearch, type SearchOutcome } from './search/work.js'
export { type Architecture, readArchitecture } from './sources/architecture.js'
export * from './sources/data-of-run.js'
export * from './sources/genotype.js'
export * from './sources/model.js'
export * from './sources/packed.js'
export { readTeacher, type Teacher } from './sources/teacher.js'
export { type InitialWeights, readInitialModel, readInitialWeights } from './sources/weights.js'
export { type AssembleOptions, assembleTable } from './table/assemble.js'
export { type TableConfig, tablePresets, trainingOfTable } from './table/config.js'
export type { EarlySignal } from './table/early-signals.js'
export { figuresOfTable, type TableFigures, type ValueSpread } from './table/figures.js'
export type { TableRow } from './table/job.js'
export { cellsOfTable, jobsOf, type TableJob } from './table/jobs.js'
export { type Shard, type TableImages, type TableRunConfig, tableRun } from './table/kind.js'
export { checkOperations } from './table/operations.js'
export { type Agreement, type Ranking, rankingOf } from './table/ranking.js'
export { type KnownTable, readKnownTable, readTable } from './table/read.js'
export {
  type OpenedTable,
  performTable,
  type TableEvent,
  type TablePlan,
  type TableState,
} from './table/work.js'
export * from './training/kind.js'
export type { OpenedSources, TrainingPlan } from './training/sources.js'
export type { Tested, TrainingSummary } from './training/summary.js'
export { type OpenedTraining, performTraining, type TestEvent, type TrainingOutcome } from './training/work.js'
export type { Workplace } from './work/kind.js'
export { performWork, type WorkerOptions } from './work/worker.js'
