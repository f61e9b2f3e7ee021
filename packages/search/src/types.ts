import type { StoredTensors } from '@cpnas/backends'
import type { CpnasError } from '@cpnas/core'
import type { Genotype } from '@cpnas/supernet'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'

/** Something for the Child of an architecture, and for its Parent where that is trained, too. */
export interface PerNetwork<A> {
  readonly child: A
  readonly parent?: A
}

/** Where a proposal stands in its search; each counts from 1. */
export interface Position {
  readonly round: number
  readonly rounds: number
  readonly pass: number
  readonly passes: number
  readonly sample: number
  readonly samples: number
}

/** An epoch before the first drop, on an architecture drawn uniformly; it gives no z. */
export interface WarmupEntry {
  readonly type: 'warmup'
  /** From 1. */
  readonly epoch: number
  readonly architecture: Genotype
  /** Mean training loss of the epoch; of the Parent where it is trained. Absent where nothing is trained. */
  readonly lossChild?: number
  readonly lossParent?: number
}

/** One sampled architecture: trained, then evaluated on the validation split. */
export interface SampleEntry {
  readonly type: 'sample'
  /** Each counts from 1. */
  readonly round: number
  readonly pass: number
  readonly sample: number
  readonly architecture: Genotype
  /** Epochs that it was trained for, where that differs from sample to sample. */
  readonly epochs?: number
  /** Validation accuracies A_P and A_C, fractions in 0..1, with batch statistics; what is the Parent's is absent where it is not trained. */
  readonly accuracyParent?: number
  readonly accuracyChild: number
  /**
   * The score that the strategy uses. Of CP-NAS z = betaP * (A_P - A_C) + A_C, which each of the sampled operations gets; of the others what
   * `SearchConfig.score` says, or the Child's accuracy.
   */
  readonly z: number
  /** Mean training loss of the sample's last epoch; absent where it was not trained. */
  readonly lossChild?: number
  readonly lossParent?: number
  /** Mean cross-entropy on the validation split. */
  readonly validationLossChild: number
  readonly validationLossParent?: number
}

/** What the indicator said about one edge at the end of a round; the three lists run in parallel. */
export interface EdgeIndicator {
  readonly operations: readonly string[]
  /** Mean of z over the T passes. */
  readonly zbar: readonly number[]
  /** Softmax of zbar over the edge's operations. */
  readonly e: readonly number[]
  readonly dropped: string
}

/** The end of a round: every edge loses one operation. */
export interface DropEntry {
  readonly type: 'drop'
  /** From 1. */
  readonly round: number
  readonly normal: readonly EdgeIndicator[]
  readonly reduce: readonly EdgeIndicator[]
}

/** A line of history.jsonl. */
export type HistoryEntry = WarmupEntry | SampleEntry | DropEntry

/** Where a search stands: a plain value, safe to print as JSON. A strategy's state may hold more. */
export interface SearchState {
  readonly history: readonly HistoryEntry[]
}

/** Everything that is needed to resume a search: its state, and weights and momenta of Child and Parent by name. */
export interface SearchSnapshot {
  readonly state: SearchState
  readonly tensors: StoredTensors
}

/** Where the search is within the current sample; for a progress bar. In the warm-up the position is that of the sample to come. */
export interface ProgressEvent extends Position {
  readonly type: 'progress'
  /** Work done of the whole search, 0..1 (a training step counts as three evaluation steps). */
  readonly fraction: number
  readonly phase: 'warmup' | 'train' | 'evaluate'
  readonly network: 'child' | 'parent' | 'both'
  /** Batches done and all batches of this phase. */
  readonly step: number
  readonly steps: number
}

/** The events that `emit` is called with. `entry` is already in the state that was saved. */
export type SearchEvent =
  | ProgressEvent
  | { readonly type: 'warmup'; readonly fraction: number; readonly entry: WarmupEntry }
  | { readonly type: 'sample'; readonly fraction: number; readonly entry: SampleEntry; readonly position: Position }
  | { readonly type: 'drop'; readonly fraction: number; readonly entry: DropEntry }
  | { readonly type: 'done'; readonly fraction: 1; readonly genotype: Genotype }

/** `finished` with the genotype, or `stopped` by the signal; a stopped search resumes from its last saved snapshot. */
export type SearchResult =
  | { readonly status: 'finished'; readonly genotype: Genotype; readonly state: SearchState }
  | { readonly status: 'stopped'; readonly state: SearchState }

/** How a search begins, is followed, saved and stopped. */
export interface SearchOptions {
  /** Resume from here. Default: begin anew from the configuration's seed. */
  readonly snapshot?: SearchSnapshot
  /** Called after every sample, warm-up epoch and drop; the search waits for it and stops when it fails. Default: nothing is saved. */
  readonly save?: (snapshot: SearchSnapshot) => TaskEither<CpnasError, void>
  /** Called with every event. Default: not called. */
  readonly emit?: (event: SearchEvent) => void
  /** Stops the search after the current step. */
  readonly signal?: AbortSignal
}
