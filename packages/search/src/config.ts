import type { EstimatorName, ScaleName } from '@cpnas/binarize'
import type { CropScaleOption } from '@cpnas/data'
import { fullSpace, type Mixture, spaceOf } from '@cpnas/supernet'

/**
 * Every hyper-parameter of a search. DARTS: arXiv 1806.09055, BNAS: arXiv 1911.10862, DCP-NAS: arXiv 2303.10595,
 * CP-NAS ("the source"): arXiv 2005.00057. Their defaults are the presets in presets.ts.
 */
export interface SearchConfig {
  /** Integer; the same seed, data, engine and thread count give the same search, bit for bit. */
  readonly seed: number

  /** How the architectures to evaluate are chosen, and the result from them: one of `strategies`. */
  readonly strategy: string
  /** How an architecture is trained and evaluated: one of `evaluators`. */
  readonly evaluator: string

  /** The search space: the name of one of `spaces` of @cpnas/supernet. The source's is `cp-nas`. */
  readonly space: string
  /** Cells of the network; reduction cells stand at 1/3 and 2/3. Not stated in the source; BNAS 6, DARTS 8. */
  readonly cells: number
  /** Channels of the first cell. Not stated in the source; 16 in BNAS and DARTS. */
  readonly channels: number
  /** The operations that compete on every edge, in the order that breaks ties: all of the space, or some by name. */
  readonly operations: 'all' | readonly string[]
  /** Inputs kept on each node of the final cells: all, as in the source's search space, or the two of highest indicator, as in DARTS. */
  readonly edges: 'all' | 2
  /** How often the depthwise + pointwise pair of a sep_conv is applied. Not stated in the source; DARTS 2. */
  readonly sepConvRepeat: 1 | 2
  /** PReLU after the Child's convolutions, as in DCP-NAS. Not stated in the source. */
  readonly prelu: boolean
  /** Precision of the Child's preprocessing convolutions. Not stated in the source. */
  readonly preprocessPrecision: 'binary' | 'float'
  /** Straight-through estimator of sign. Not stated in the source. */
  readonly estimator: EstimatorName
  /** One scale alpha per output channel (XNOR-Net) or per layer. */
  readonly scale: ScaleName
  /** One latent set trained by the sum of Child's and Parent's losses, instead of a set each. Not stated in the source. */
  readonly shareWeights: boolean

  /** T, how many times every operation is evaluated before a drop. Not stated in the source; BNAS 3. */
  readonly passes: number
  /** beta_P, the weight of the Parent in z. Value not stated in the source, whose accuracy rises with beta_P and falls from 2 on. */
  readonly betaP: number
  /** Number of architectures that `random` and `regularized-evolution` evaluate. */
  readonly samples: number
  /** Size of the population of `regularized-evolution`. Real et al. (arXiv 1802.01548): 100. */
  readonly population: number
  /** Size of the tournament that selects a parent in `regularized-evolution`. Real et al.: 25. */
  readonly tournament: number
  /** Epochs a sampled architecture is trained before it is evaluated. The source: 1. */
  readonly epochsPerSample: number
  /** Epochs before the first round, each on an architecture drawn uniformly. Not stated in the source; BNAS 5. */
  readonly warmupEpochs: number

  /** Share of the training images used at all, 0..1. */
  readonly share: number
  /** Share of those that form the validation split, 0..1. Not stated in the source; half in DARTS. */
  readonly validationShare: number
  /** Images a step. Not stated in the source; 64 in DARTS. */
  readonly batchSize: number
  /** Random crop: pixels of zero padding at each border before cropping back, 0 for none. */
  readonly crop: number
  /** Image folders: least and largest share of the image that a random crop has before it is resized; `auto`: see `augmentationFor`. */
  readonly cropScale: CropScaleOption
  /** Random horizontal flip. */
  readonly flip: boolean
  /** Side of the square cut out, in pixels, 0 for none. */
  readonly cutout: number

  /** Learning rate at the start, and what it falls to along a cosine over all epochs. Not stated in the source; DARTS's. */
  readonly learningRate: number
  readonly minLearningRate: number
  readonly momentum: number
  readonly weightDecay: number
  /** Largest global norm of the gradients of a step. Not stated in the source; 5 in DARTS. */
  readonly gradientClip: number
}

/** The names of the operations that compete, in the order that breaks ties. */
export const operationsOf = ({ space, operations }: Pick<SearchConfig, 'space' | 'operations'>): readonly string[] =>
  operations === 'all' ? spaceOf({ space }).operations.map(({ name }) => name) : operations

/** The operations that compete, on every edge of both cells. */
export const candidatesOf = (config: Pick<SearchConfig, 'space' | 'operations'>): Mixture =>
  fullSpace({ edges: spaceOf(config).edges, operations: operationsOf(config).map(name => ({ name })) })
