import type { AdamCoefficients } from './kernels.js'

/** Corrects Adam's averages for having started at 0: rate = learningRate / (1 - beta1^step), root = 1 / sqrt(1 - beta2^step). */
export const biasCorrection = ({
  learningRate,
  beta1,
  beta2,
  step,
}: AdamCoefficients): { readonly rate: number; readonly root: number } => ({
  rate: learningRate / (1 - beta1 ** step),
  root: 1 / Math.sqrt(1 - beta2 ** step),
})
