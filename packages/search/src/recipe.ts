import type { SearchConfig } from './config.js'

/** How weights are trained. */
export type Recipe = Pick<
  SearchConfig,
  'optimizer' | 'momentum' | 'weightDecay' | 'gradientClip' | 'schedule' | 'learningRate' | 'minLearningRate'
>

/** DARTS's of the search (arXiv 1806.09055): of the evaluator `relaxed` and of the preset `paper`. */
export const dartsRecipe: Recipe = {
  optimizer: 'sgd',
  momentum: 0.9,
  weightDecay: 3e-4,
  gradientClip: 5,
  schedule: 'cosine',
  learningRate: 0.025,
  minLearningRate: 0.001,
}

/**
 * That of the trainings of `cpu-10min`, by itself or with weights that architectures share: what is judged by a few epochs should be trained as well as
 * they allow. Ours.
 */
export const oneBitRecipe: Recipe = {
  optimizer: 'adam',
  momentum: 0.9,
  weightDecay: 0,
  gradientClip: 0,
  schedule: 'one-cycle',
  learningRate: 0.01,
  minLearningRate: 0,
}
