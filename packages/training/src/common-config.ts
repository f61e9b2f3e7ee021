import type { EstimatorName, ScaleName } from '@cpnas/binarize'
import type { CropScaleOption } from '@cpnas/data'

/**
 * Hyper-parameters that a search and a training share. DARTS: arXiv 1806.09055, BNAS: arXiv 1911.10862, DCP-NAS: arXiv 2306.15390,
 * CP-NAS ("the source"): arXiv 2005.00057. Their defaults are the presets of each.
 */
export interface CommonConfig {
  /** Integer; the same seed, data, engine and thread count give the same result, bit for bit. */
  readonly seed: number

  /** The search space: the name of one of `spaces` of @cpnas/supernet. The source's is `cp-nas`. */
  readonly space: string
  /** Cells of the network; reduction cells stand at 1/3 and 2/3. Not stated in the source; BNAS searches with 6, DARTS with 8. */
  readonly cells: number
  /** Channels of the first cell. Not stated in the source; BNAS and DARTS search with 16. */
  readonly channels: number
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
  /** Share of those that form the validation split, 0 to below 1. Not stated in the source; DARTS searches with half. */
  readonly validationShare: number
  /** Images a step. Not stated in the source; DARTS searches with 64. */
  readonly batchSize: number
  /** Random crop: pixels of padding at each border before cropping back, 0 for none. No effect with a range of `cropScale`. */
  readonly crop: number
  /** Image folders: least and largest share of the image that a random crop has before it is resized; `auto`: see `augmentationFor`. */
  readonly cropScale: CropScaleOption
  /** Random horizontal flip. */
  readonly flip: boolean
  /** Side of the square cut out, in pixels, 0 for none. */
  readonly cutout: number

  /** How gradients change the weights. Not stated in the source; DARTS SGD, EBNAS and larq Adam for 1-bit networks. */
  readonly optimizer: 'sgd' | 'adam'
  /** The largest learning rate. Not stated in the source. */
  readonly learningRate: number
  /** The learning rate at the end. Not stated in the source. */
  readonly minLearningRate: number
  /** Of SGD; for Adam its beta1. */
  readonly momentum: number
  /** L2 penalty on every parameter. */
  readonly weightDecay: number
  /** Largest global norm of the gradients of a step; 0 for no clipping. Not stated in the source; DARTS 5. */
  readonly gradientClip: number
}
