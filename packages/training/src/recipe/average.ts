import type { Backend, TensorRecord } from '@cpnas/backends'

/**
 * The exponential moving average of weights after update t (from 1): d * average + (1 - d) * weights with
 * d = min(decay, (1 + t) / (10 + t)), so that the first weights are soon forgotten (TensorFlow's ExponentialMovingAverage with
 * num_updates). The first average is of the weights before any update. Makes new tensors; those given stay the caller's.
 */
export const updateAverage = <T>(
  backend: Backend<T>,
  average: TensorRecord<T>,
  weights: TensorRecord<T>,
  decay: number,
  update: number,
): TensorRecord<T> => {
  const kept = Math.min(decay, (1 + update) / (10 + update))
  return Object.fromEntries(
    Object.entries(weights).map(([name, x]) => [name, backend.linearCombination(kept, average[name]!, 1 - kept, x)]),
  )
}
