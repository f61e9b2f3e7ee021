import type { StoredTensors } from '@cpnas/backends'
import type { CpnasError } from '@cpnas/core'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { Model } from '../model.js'

/** Mean of each term of the loss over the images of an epoch, without its weight; a term that a recipe does not have is absent. */
export interface LossTerms {
  readonly crossEntropy: number
  readonly filter?: number
  /** Squared distance to the class mean over 2, a value of the feature map and an image. */
  readonly compactness?: number
  readonly auxiliary?: number
  readonly distillation?: number
}

/** An epoch: a line of history.jsonl. */
export interface EpochEntry {
  readonly type: 'epoch'
  /** Each from 1. */
  readonly stage: number
  readonly epoch: number
  /** At the epoch's last step. */
  readonly learningRate: number
  /** Mean of the weighted loss over the epoch's images, and of its terms. */
  readonly loss: number
  readonly terms: LossTerms
  /** Share of the training images classified right on the way, in training mode, 0..1. */
  readonly accuracyTraining: number
  /** Of the validation split, in evaluation mode: of the averaged weights where there are such. Absent without a split. */
  readonly accuracyValidation?: number
  readonly lossValidation?: number
  /** Whether its network was kept as the best of the stage so far: see `runTraining`. */
  readonly best: boolean
}

/** Where a training stands: a plain value, safe to print as JSON. Everything else follows from it and the configuration. */
export interface TrainingState {
  /** The stage and epoch to come, each from 1; after the last: one stage past it. */
  readonly stage: number
  readonly epoch: number
  /** Steps done within that epoch: not 0 if it was saved in the middle of one. */
  readonly step: number
  /** Updates of the weights so far in this stage. */
  readonly updates: number
  /** What the epoch's sums have come to, if it was saved in the middle of one. */
  readonly sums: Readonly<Record<string, number>>
  readonly history: readonly EpochEntry[]
}

/**
 * Everything that is needed to resume a training: weights, optimizer, running statistics, class means, averages, the best network so far.
 */
export interface TrainingSnapshot {
  readonly state: TrainingState
  readonly tensors: StoredTensors
}

/** Where the training is within an epoch; for a progress bar. */
export interface TrainingProgress {
  readonly type: 'progress'
  /** Work done of the whole training, 0..1. */
  readonly fraction: number
  readonly phase: 'train' | 'evaluate'
  readonly stage: number
  readonly stages: number
  readonly epoch: number
  readonly epochs: number
  /** Batches done and all batches of this phase. */
  readonly step: number
  readonly steps: number
}

/** The events that `emit` is called with. */
export type TrainingEvent =
  | TrainingProgress
  | { readonly type: 'epoch'; readonly fraction: number; readonly entry: EpochEntry }
  | { readonly type: 'done'; readonly fraction: 1 }

/** The networks that a finished training leaves: of the last epoch, and of the best one by the validation split. */
export type TrainingResult =
  | { readonly status: 'finished'; readonly last: Model; readonly best: Model; readonly state: TrainingState }
  | { readonly status: 'stopped'; readonly state: TrainingState }

/** How a training begins, is followed, saved and stopped. */
export interface TrainingOptions {
  /** Resume from here. Default: begin anew. */
  readonly snapshot?: TrainingSnapshot
  /** Weights to begin with, by parameter name; parameters not among them begin as usual. Default: none. */
  readonly initial?: StoredTensors
  /** The trained Parent whose class probabilities the network learns from; needs distillationWeight above 0. */
  readonly teacher?: Model
  /** Steps between snapshots within an epoch. Default: at the end of every epoch only. */
  readonly saveEvery?: number
  /** Called at the end of every epoch and every `saveEvery` steps; the training waits for it and stops when it fails. */
  readonly save?: (snapshot: TrainingSnapshot) => TaskEither<CpnasError, void>
  /** Called with every event. Default: not called. */
  readonly emit?: (event: TrainingEvent) => void
  /** Stops the training after the current step, with a snapshot saved. */
  readonly signal?: AbortSignal
}
