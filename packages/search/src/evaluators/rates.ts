import { cosine, type EpochOptions, learningRateAt } from '@cpnas/training'
import type { SearchConfig } from '../config.js'

/** The share of the steps over which the rate of a one-cycle rises. Ours. */
const rise = 0.2

/** The learning rates of an epoch: that of every step, counted from 0, and the one that errors name. */
export type Rates = Required<Pick<EpochOptions, 'learningRate' | 'rateAt'>>

/** The rates of the epochs of a training, counted from 0, by the schedule of the configuration. */
export const ratesOf = (
  { schedule, learningRate, minLearningRate }: Pick<SearchConfig, 'schedule' | 'learningRate' | 'minLearningRate'>,
  { epochs, steps }: { readonly epochs: number; readonly steps: number },
): ((index: number) => Rates) => {
  if (schedule === 'cosine')
    return index => {
      const rate = cosine({ initial: learningRate, minimum: minLearningRate, total: epochs }, index)
      return { learningRate: rate, rateAt: () => rate }
    }
  const cycle = { schedule, learningRate, minLearningRate, epochs, warmupEpochs: rise * epochs }
  return index => ({ learningRate, rateAt: step => learningRateAt(cycle, index * steps + step, steps) })
}
