import { type TrainingRunConfig, trainingFormat } from '@cpnas/runs'
import { checkTrainingConfig, type TrainingConfig, trainingOptions, trainingPresets } from '@cpnas/training'
import type { RunKind } from '../run-kind.js'

/** Names of the presets of a training. */
export type TrainingPreset = keyof typeof trainingPresets

/** A training as a kind of run. */
export const trainingRun: RunKind<TrainingPreset, TrainingConfig, TrainingRunConfig> = {
  ...trainingFormat,
  section: 'training',
  defaultPreset: 'quick',
  hyperparameters: { table: trainingOptions, presets: trainingPresets },
  check: checkTrainingConfig,
  configOf: ({ training }) => training,
}
