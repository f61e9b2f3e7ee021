import { type DataFacts, type NetworkKind, type NetworkSpec, specFor } from '@cpnas/supernet'
import type { TrainingConfig } from './config.js'

/** The Child in 1 bit, the Parent in float. */
export const networkKind = ({ precision }: Pick<TrainingConfig, 'precision'>): NetworkKind =>
  precision === 'binary' ? 'child' : 'parent'

/** The network as it is evaluated and kept: without the auxiliary head, which is there for the training only. */
export const modelSpec = (config: TrainingConfig, data: DataFacts): NetworkSpec => ({
  ...specFor(config, data),
  affine: config.affine,
  stem: config.stem,
})

/** The network as it is trained: with the auxiliary head if it has a weight. */
export const trainingSpec = (config: TrainingConfig, data: DataFacts): NetworkSpec => ({
  ...modelSpec(config, data),
  auxiliary: config.auxiliaryWeight > 0,
})
