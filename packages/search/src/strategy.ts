import type { CellKind, Genotype, Mixture } from '@cpnas/supernet'
import type { Evaluation } from '@cpnas/training'
import type { SearchConfig } from './config.js'
import type { CostOf } from './cost.js'
import type { PerNetwork, Position, SearchState } from './types.js'

/** An architecture that a strategy wants to know about. */
export interface Proposal {
  /** `sample`: to be trained and evaluated. `warmup`: to be trained only, before the first sample. */
  readonly type: 'warmup' | 'sample'
  readonly architecture: Genotype
  readonly position: Position
  /** Epochs to train it before it is evaluated. Default: as the configuration says. */
  readonly epochs?: number
}

/** What a relaxed search has learned of a kind of cell. */
export interface Preferences {
  /** Of every edge the shares of its operations, in the order of candidates; they add up to 1. */
  readonly operations: readonly (readonly number[])[]
  /** The share that every edge has in its node; all of a node add up to 1. Absent where edges are not weighted. */
  readonly edges?: readonly number[]
}

/** How the operations of an edge are mixed while a search relaxes the choice among them. */
export interface Relaxation {
  /** The first of so many parts of the channels goes through the operations: see `NetworkSpec.partialChannels`. */
  readonly partialChannels: number
  /** Whether edges have weights of their own. */
  readonly weighsEdges: boolean
  /**
   * lambda, the weight of the squared distance between the Child's gradient by the architecture and that of the Parent, which is trained, too.
   * Absent where there is no Parent.
   */
  readonly tangentWeight?: number
}

/** The result of a proposal. */
export interface Observation {
  readonly proposal: Proposal
  /** Mean training losses of the last epoch; absent where nothing was trained. */
  readonly losses?: PerNetwork<number>
  /** On the validation split; of a sample only. */
  readonly evaluations?: PerNetwork<Evaluation>
  /** Of an evaluator that learns them. */
  readonly preferences?: Readonly<Record<CellKind, Preferences>>
}

/** How many proposals a whole search has. */
export interface SearchLength {
  readonly warmups: number
  readonly samples: number
}

/**
 * Which architectures to look at, and what to conclude: the interface of ask and tell that Optuna and NNI have. All functions
 * are pure; the state is plain JSON, and whatever is random follows from the configuration's seed and the state.
 */
export interface Strategy<S extends SearchState = SearchState> {
  readonly initial: S
  /**
   * The next proposals, at most so many, that depend on no observation of one another: each is asked for whatever the others turn out to be.
   * None: the search is finished. Default: 1.
   */
  ask(state: S, most?: number): readonly Proposal[]
  /** The state after some of the proposals, in their order; their entries are at the end of its history. */
  tell(state: S, observations: readonly Observation[]): S
  /** The architecture that was found; of a finished search. */
  result(state: S): Genotype
  /** The operations that may still be proposed: the weights of the others are dropped. */
  remaining(state: S): Mixture
  readonly length: SearchLength
  /**
   * What it thinks of architectures, higher for better: a function that orders all of them as the state suggests. Absent where a strategy has
   * no opinion on architectures that it did not evaluate.
   */
  score?(state: S): (genotype: Genotype) => number
}

/** A strategy as it is chosen and configured. */
export interface StrategyRecord {
  /** What it does, in one line, with its source. */
  readonly description: string
  /** Whether it looks at the Parent's accuracy; the cost of a search counts the Parent only then. */
  readonly usesParent: boolean
  /** The evaluator that it was published with. Default: the first of `evaluators`, if it names some; else none. */
  readonly evaluator?: string
  /** The evaluators that it can work with. Default: all that evaluate the architectures proposed. */
  readonly evaluators?: readonly string[]
  /** For the evaluator `relaxed`: how it mixes operations. */
  readonly relaxation?: Relaxation
  /** The options that only some strategies have, of those that this one has. */
  readonly options: readonly (keyof SearchConfig)[]
  /** The strategy of a configuration. `costOf` is asked by those with a second goal or a target (`needsCost`). */
  readonly create: (config: SearchConfig, costOf?: CostOf) => Strategy
}
