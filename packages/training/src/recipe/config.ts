import type { CommonConfig } from '../common-config.js'

/**
 * Every hyper-parameter of the training of a found network. DARTS: arXiv 1806.09055, PC-DARTS: arXiv 1907.05737, EBNAS and
 * larq: see presets.ts; DCP-NAS: arXiv 2306.15390, CP-NAS ("the source"): arXiv 2005.00057. Their defaults are the presets.
 */
export interface TrainingConfig extends CommonConfig {
  /** `binary` trains the Child; `float` the Parent of the same genotype. */
  readonly precision: 'binary' | 'float'
  /** `cifar`: one 3x3 convolution; `imagenet`: three of stride 2, an eighth of the resolution (DARTS). */
  readonly stem: 'cifar' | 'imagenet'
  /** Whether batch normalizations have a scale and a shift to learn. DARTS: not in the search, but in the final training. */
  readonly affine: boolean

  /** Strength of random changes of brightness, contrast and saturation, 0 for none; image folders only. */
  readonly colorJitter: number

  /** Passes over the training images, of every stage. */
  readonly epochs: number
  /** 1: weights and activations 1-bit from the start. 2: first the activations alone, then both, from the weights of the first stage. Child only. */
  readonly stages: 1 | 2
  /** How the learning rate goes over the steps of a stage, after the warm-up. */
  readonly schedule: 'cosine' | 'one-cycle' | 'constant'
  /** Epochs over which the rate rises linearly from 0 to learningRate; for one-cycle the rise of the cycle. May be a fraction. */
  readonly warmupEpochs: number
  /** Adam's beta2. */
  readonly beta2: number

  /** Probability that an edge's operation (but no identity) is left out of a sample's pass; rises linearly from 0 over the epochs. */
  readonly dropPath: number
  /** Weight of the auxiliary head's cross-entropy; 0 for no such head. */
  readonly auxiliaryWeight: number
  /** Probability taken from the true class and spread over all. */
  readonly labelSmoothing: number
  /** Decay of the weights' exponential moving average, a step; 0 for none. Where there is one, it is what is evaluated and kept. */
  readonly emaDecay: number
  /** How much of the running statistics of a batch normalization stays at a step. PyTorch's momentum is 1 minus this. */
  readonly statisticsDecay: number

  /** Weight of the cross-entropy in the loss. The source: 1. */
  readonly crossEntropyWeight: number
  /** Weight of the filters' error. The source: 1. Child only. */
  readonly filterWeight: number
  /**
   * What filters and features are held to: `own`, their reconstruction and the means of their classes; or `parent`, the filters and features
   * of the teacher, a trained Parent of the same network. The source's symbols allow both.
   */
  readonly cpTarget: 'own' | 'parent'
  /** lambda, the weight of intra-class compactness, or of the distance to the Parent's features. Value not stated in the source. */
  readonly lambda: number
  /** Weight of the distance to the teacher's class probabilities; 0 without a teacher. */
  readonly distillationWeight: number
  /** Temperature of both softmaxes in that distance. */
  readonly temperature: number
}
