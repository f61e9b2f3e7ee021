export type { SlidingWindow } from './auxiliary.js'
export { type CellKind, cellKinds, type Edge, edges, inputNodes, intermediateNodes } from './cell.js'
export { type Cost, type Count, count, type LayerCount } from './count.js'
export type { ForwardMode, Moments } from './forward-mode.js'
export { type Genotype, parseGenotype, printGenotype, validateGenotype } from './genotype.js'
export { initialParameters } from './initial-parameters.js'
export { type EdgeScores, keepEdges } from './keep-edges.js'
export type { Layer, NetworkKind } from './layer.js'
export {
  latentNames,
  networkLayers,
  normalizationShapes,
  parameterShapes,
  supernetShapes,
} from './layers.js'
export { type Forward, type NetworkOptions, type NetworkOutput, network } from './network.js'
export { type Operation, operations } from './operations.js'
export { fullSpace, type Remaining, samplePass } from './sample-pass.js'
export { type DataFacts, type NetworkSpec, resolveSpec, specFor } from './spec.js'
