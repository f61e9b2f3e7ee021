export { decodeModel } from './decode.js'
export { encodeModel } from './encode.js'
export {
  type Classifies,
  evaluateModel,
  evaluateScores,
  type ModelEvaluation,
  type Scores,
  withScores,
} from './evaluate.js'
export { fileKind } from './file-kind.js'
export { readModel, writeModel } from './files.js'
export {
  type Calibration,
  type ClassMetrics,
  type Confused,
  confusions,
  type Metrics,
  metrics,
  type ReliabilityBin,
  standardError,
  type Tally,
  tally,
} from './metrics.js'
export * from './safetensors.js'
export {
  type HeaderFacts,
  type ModelSummary,
  type RowKind,
  type SummaryRow,
  summarize,
  sumWeights,
  type Weight,
} from './summarize.js'
export { untrainedModel } from './untrained.js'
