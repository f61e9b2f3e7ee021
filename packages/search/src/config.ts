import { fullSpace, type Mixture, spaceOf } from '@cpnas/supernet'
import type { CommonConfig } from '@cpnas/training'

/**
 * Every hyper-parameter of a search. DARTS: arXiv 1806.09055, BNAS: arXiv 1911.10862, DCP-NAS: arXiv 2306.15390,
 * CP-NAS ("the source"): arXiv 2005.00057. Their defaults are the presets in presets.ts.
 */
export interface SearchConfig extends CommonConfig {
  /** How the architectures to evaluate are chosen, and the result from them: one of `strategies`. */
  readonly strategy: string
  /** How an architecture is trained and evaluated: one of `evaluators`. */
  readonly evaluator: string

  /** The operations that compete on every edge, in the order that breaks ties: all of the space, or some by name. */
  readonly operations: 'all' | readonly string[]
  /** Inputs kept on each node of the final cells: all, as in the source's search space, or the two of highest indicator, as in DARTS. */
  readonly edges: 'all' | 2
  /** One latent set trained by the sum of Child's and Parent's losses, instead of a set each. Not stated in the source. */
  readonly shareWeights: boolean

  /** T, how many times every operation is evaluated before a drop. Not stated in the source; BNAS 3. */
  readonly passes: number
  /** beta_P, the weight of the Parent in z. Value not stated in the source, whose accuracy rises with beta_P and falls from 2 on. */
  readonly betaP: number
  /** Number of architectures that a strategy evaluates; of `successive-halving` those of its first rung, of `darts` and its kin epochs. */
  readonly samples: number
  /** One architecture in so many reaches the next rung of `successive-halving`. Hyperband (arXiv 1603.06560): 3. */
  readonly eta: number
  /** Size of the population of `regularized-evolution`. Real et al. (arXiv 1802.01548): 100. */
  readonly population: number
  /** Size of the tournament that selects a parent in `regularized-evolution`. Real et al.: 25. */
  readonly tournament: number
  /** The longest time an image may take in the packed Child of the search's size, in milliseconds on one thread; 0: any. */
  readonly targetMs: number
  /** The largest file the packed Child of the search's size may have, in 1,000 bytes; 0: any. */
  readonly targetKb: number
  /** Epochs a sampled architecture is trained before it is evaluated. The source: 1. */
  readonly epochsPerSample: number
  /**
   * The validation metric that architectures are compared by: the Child's `accuracy`, as in the source, or its cross-entropy (`loss`), which
   * differs less from seed to seed and so ranks better; its score is then exp(-loss), the geometric mean of the probability of the right class.
   */
  readonly score: 'accuracy' | 'loss'
  /**
   * How the learning rate falls to `minLearningRate`: `cosine`, along a cosine from epoch to epoch, as in DARTS; `one-cycle`, it rises from 0
   * over a fifth of the steps and falls along a line (Smith, arXiv 1708.07120). Once over the whole search where weights are shared, else in every sample.
   */
  readonly schedule: 'cosine' | 'one-cycle'
  /** Whether a Parent is trained beside every Child: `auto`, if the strategy looks at it. The source: always. */
  readonly withParent: 'auto' | 'always'
  /**
   * `pass`: the samples of a pass are trained at the same time, as it were: each from the weights that the pass begins with. At its end the
   * weights that one sample trained are taken over, those that several trained (stem, preprocessing, normalization, classifier) averaged
   * in the order of the samples. `none`: one after the other, each from what the one before has left, as in the source.
   */
  readonly parallel: 'none' | 'pass'
  /** Adam's learning rate of the architecture's weights in a relaxed search. DARTS 3e-4, PC-DARTS 6e-4; with fewer steps a rate that many times as large. */
  readonly architectureLearningRate: number
  /** Epochs before the first round, each on an architecture drawn uniformly. Not stated in the source; BNAS 5. */
  readonly warmupEpochs: number
}

/** The names of the operations that compete, in the order that breaks ties. */
export const operationsOf = ({ space, operations }: Pick<SearchConfig, 'space' | 'operations'>): readonly string[] =>
  operations === 'all' ? spaceOf({ space }).operations.map(({ name }) => name) : operations

/** The operations that compete, on every edge of both cells. */
export const candidatesOf = (config: Pick<SearchConfig, 'space' | 'operations'>): Mixture =>
  fullSpace({ edges: spaceOf(config).edges, operations: operationsOf(config).map(name => ({ name })) })
