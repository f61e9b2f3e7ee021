import type { EstimatorName, ScaleName } from '@cpnas/binarize'
import type { CropScaleOption } from '@cpnas/data'

/**
 * Every hyper-parameter of the training of a found network. DARTS: arXiv 1806.09055, PC-DARTS: arXiv 1907.05737, EBNAS and
 * larq: see presets.ts; DCP-NAS: arXiv 2303.10595, CP-NAS ("the source"): arXiv 2005.00057. Their defaults are the presets.
 */
export interface TrainingConfig {
  /** Integer; the same seed, data, engine and thread count give the same training, bit for bit. */
  readonly seed: number

  /** `binary` trains the Child; `float` the Parent of the same genotype. */
  readonly precision: 'binary' | 'float'
  /** The search space that the genotype is of. */
  readonly space: string
  /** Cells of the network; reduction cells stand at 1/3 and 2/3. */
  readonly cells: number
  /** Channels of the first cell. */
  readonly channels: number
  /** `cifar`: one 3x3 convolution; `imagenet`: three of stride 2, an eighth of the resolution (DARTS). */
  readonly stem: 'cifar' | 'imagenet'
  /** Whether batch normalizations have a scale and a shift to learn. DARTS: not in the search, but in the final training. */
  readonly affine: boolean
  /** How often the depthwise and pointwise pair of a sep_conv is applied. Not stated in the source; DARTS 2. */
  readonly sepConvRepeat: 1 | 2
  /** PReLU after the Child's convolutions, as in DCP-NAS. Not stated in the source. */
  readonly prelu: boolean
  /** Precision of the Child's preprocessing convolutions. Not stated in the source. */
  readonly preprocessPrecision: 'binary' | 'float'
  /** Straight-through estimator of sign. Not stated in the source. */
  readonly estimator: EstimatorName
  /** One scale alpha per output channel (XNOR-Net) or per layer. */
  readonly scale: ScaleName

  /** Share of the training images used at all, 0..1. */
  readonly share: number
  /** Share of those that validate, 0 to below 1: the best epoch is chosen by them, never by the test set. With 0 it is the last one. */
  readonly validationShare: number
  /** Images a step. */
  readonly batchSize: number
  /** Random crop: pixels of padding at each border before cropping back, 0 for none. No effect beside a range of `cropScale`. */
  readonly crop: number
  /** Image folders: least and largest share of the image that a random crop has before it is resized; `auto`: see `augmentationFor`. */
  readonly cropScale: CropScaleOption
  /** Random horizontal flip. */
  readonly flip: boolean
  /** Side of the square cut out, in pixels, 0 for none. */
  readonly cutout: number
  /** Strength of random changes of brightness, contrast and saturation, 0 for none; image folders only. */
  readonly colorJitter: number

  /** Passes over the training images, of every stage. */
  readonly epochs: number
  /** 1: weights and activations 1-bit from the start. 2: first the activations alone, then both, from the weights of the first stage. Child only. */
  readonly stages: 1 | 2
  readonly optimizer: 'sgd' | 'adam'
  /** How the learning rate goes over the steps of a stage, after the warm-up. */
  readonly schedule: 'cosine' | 'one-cycle' | 'constant'
  /** The largest learning rate. */
  readonly learningRate: number
  /** The learning rate at the end. */
  readonly minLearningRate: number
  /** Epochs over which the rate rises linearly from 0 to learningRate; for one-cycle the rise of the cycle. May be a fraction. */
  readonly warmupEpochs: number
  /** Of SGD; for Adam its beta1. */
  readonly momentum: number
  /** Adam's beta2. */
  readonly beta2: number
  readonly weightDecay: number
  /** Largest global norm of the gradients of a step; 0 for no clipping. */
  readonly gradientClip: number

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
  /** Weight of the filters' reconstruction error. The source: 1. Child only. */
  readonly filterWeight: number
  /** lambda, the weight of intra-class compactness: `compactnessLoss` of @cpnas/cp-loss. Value not stated in the source. */
  readonly lambda: number
  /** Weight of the distance to the teacher's class probabilities; 0 without a teacher. */
  readonly distillationWeight: number
  /** Temperature of both softmaxes in that distance. */
  readonly temperature: number
}
