import { trainingStepWork } from '../loop/step.js'
import type { RecipeContext } from './context.js'
import { estimationSteps } from './evaluated.js'
import type { TrainingEvent, TrainingProgress, TrainingState } from './types.js'

type Work<T> = Pick<RecipeContext<T>, 'config' | 'splits'>

/** Steps of an epoch's evaluation: over training batches, for the statistics of averaged weights, and over the validation split. */
const evaluationSteps = <T>(work: Work<T>): number =>
  work.splits.validationSteps === 0 ? 0 : estimationSteps(work) + work.splits.validationSteps

/** Share of the whole training's work that a state has behind it, 0..1. */
export const fractionDone = <T>(work: Work<T>, { stage, epoch, step }: TrainingState, evaluated = 0): number => {
  const { config, splits } = work
  const ofEpoch = trainingStepWork * splits.trainingSteps + evaluationSteps(work)
  const epochs = (stage - 1) * config.epochs + epoch - 1
  return (epochs * ofEpoch + trainingStepWork * step + evaluated) / (config.stages * config.epochs * ofEpoch)
}

/** Reports the steps of the epoch that a state is in: give it the phase and how many of its steps are done. */
export const reporter =
  <T>(work: Work<T>, state: TrainingState, emit: (event: TrainingEvent) => void) =>
  (phase: TrainingProgress['phase'], step: number): void => {
    const { config, splits } = work
    const place = phase === 'train' ? { ...state, step } : { ...state, step: splits.trainingSteps }
    emit({
      type: 'progress',
      fraction: fractionDone(work, place, phase === 'evaluate' ? step : 0),
      phase,
      stage: state.stage,
      stages: config.stages,
      epoch: state.epoch,
      epochs: config.epochs,
      step,
      steps: phase === 'train' ? splits.trainingSteps : evaluationSteps(work),
    })
  }
