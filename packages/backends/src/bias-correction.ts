import type { AdamCoefficients } from './kernels.js'

/** What takes out of Adam's averages that they began at 0: rate = learningRate / (1 - beta1^step), root = 1 / sqrt(1 - beta2^step). */
export const biasCorrection = ({
  learningRate,
  beta1,
  beta2,
  step,
}: AdamCoefficients): { readonly rate: number; readonly root: number } => ({
  rate: learningRate / (1 - beta1 ** step),
  root: 1 / Math.sqrt(1 - beta2 ** step),
})
