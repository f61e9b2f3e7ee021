import type { NetworkKind, NetworkSpec } from '@cpnas/supernet'
import type { TrainingConfig } from './config.js'

/** What the network needs to know of the data. */
export interface DataFacts {
  readonly channels: number
  readonly classNames: readonly string[]
}

export const networkKind = ({ precision }: Pick<TrainingConfig, 'precision'>): NetworkKind =>
  precision === 'binary' ? 'child' : 'parent'

/** The network as it is evaluated and kept: without the auxiliary head, which is there for the training only. */
export const modelSpec = (config: TrainingConfig, data: DataFacts): NetworkSpec => ({
  cells: config.cells,
  channels: config.channels,
  inChannels: data.channels,
  classes: data.classNames.length,
  sepConvRepeat: config.sepConvRepeat,
  prelu: config.prelu,
  preprocessPrecision: config.preprocessPrecision,
  estimator: config.estimator,
  scale: config.scale,
  affine: config.affine,
  stem: config.stem,
})

/** The network as it is trained: with the auxiliary head if it has a weight. */
export const trainingSpec = (config: TrainingConfig, data: DataFacts): NetworkSpec => ({
  ...modelSpec(config, data),
  auxiliary: config.auxiliaryWeight > 0,
})
