export { type CellKind, cellKinds, type Edge, fullyConnected, inputNodes } from './cell.js'
export { type Cost, type Count, count, type LayerCount } from './count.js'
export type { ForwardMode, Moments, OperationPlace } from './forward-mode.js'
export {
  type Architecture,
  type Genotype,
  type GenotypeFile,
  inSpace,
  type Mixture,
  operationsOn,
  parseGenotype,
  printGenotype,
  validateGenotype,
} from './genotype.js'
export { initialParameters } from './initial-parameters.js'
export { type EdgeScores, keepEdges } from './keep-edges.js'
export { type Forward, type NetworkOptions, type NetworkOutput, network } from './network.js'
export { samplePass } from './sample-pass.js'
export * from './space.js'
export { cpNas } from './spaces/cp-nas.js'
export { spaces } from './spaces/index.js'
export { residual } from './spaces/residual.js'
export { canonicalCell, tiny } from './spaces/tiny.js'
export { type DataFacts, resolveSpec, spaceOf, specFor } from './spec.js'
export {
  fullSpace,
  type ImageSize,
  type Layer,
  latentNames,
  networkLayers,
  normalizationShapes,
  parameterShapes,
  supernetShapes,
  type Trace,
  trace,
} from './trace.js'
