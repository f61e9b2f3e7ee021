import type { TrainingConfig } from '../recipe/config.js'
import { cosine } from './cosine.js'

/**
 * The learning rate of a step of a stage, counted from 0. It rises along a line that begins at 0 one step before the first
 * and reaches learningRate with the last step of the warm-up; then it falls to minLearningRate, which it would reach one step
 * after the last: along a cosine, along a line (one-cycle; Smith, arXiv 1708.07120), or not at all (constant).
 */
export const learningRateAt = (
  {
    schedule,
    learningRate,
    minLearningRate,
    warmupEpochs,
    epochs,
  }: Pick<TrainingConfig, 'schedule' | 'learningRate' | 'minLearningRate' | 'warmupEpochs' | 'epochs'>,
  step: number,
  stepsPerEpoch: number,
): number => {
  const rising = warmupEpochs * stepsPerEpoch
  if (step + 1 < rising) return (learningRate * (step + 1)) / rising
  const falling = epochs * stepsPerEpoch - rising
  const fallen = falling > 0 ? Math.max(0, step - rising) / falling : 0
  switch (schedule) {
    case 'constant':
      return learningRate
    case 'one-cycle':
      return learningRate + (minLearningRate - learningRate) * fallen
    case 'cosine':
      return cosine({ initial: learningRate, minimum: minLearningRate, total: 1 }, fallen)
  }
}
