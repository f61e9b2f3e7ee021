import { type TrainingRunConfig, trainingFormat } from '@cpnas/runs'
import { checkTrainingConfig, type TrainingConfig, trainingOptions, trainingPresets } from '@cpnas/training'
import { hyperparametersOf } from '../hyperparameters.js'
import type { RunKind } from './run-kind.js'

export type TrainingPreset = keyof typeof trainingPresets

/** A training as a kind of run. */
export const trainingRun = {
  ...trainingFormat,
  command: 'train',
  section: 'training',
  defaultDirectory: './cpnas-train',
  defaultPreset: 'quick',
  hyperparameters: hyperparametersOf(trainingOptions, trainingPresets),
  check: checkTrainingConfig,
  configOf: ({ training }) => training,
} as const satisfies RunKind<TrainingPreset, TrainingConfig, TrainingRunConfig>
