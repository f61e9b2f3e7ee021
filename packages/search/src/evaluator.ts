import type { StoredTensors } from '@cpnas/backends'
import type { CpnasError, Interruption } from '@cpnas/core'
import type { Architecture, Mixture } from '@cpnas/supernet'
import type { Either } from 'fp-ts/lib/Either.js'
import type { Observation, Proposal } from './strategy.js'
import type { ProgressEvent } from './types.js'

/** Reports the steps of one phase; returns the function to call after each step. */
export type Reporter = (
  phase: ProgressEvent['phase'],
  network: ProgressEvent['network'],
  steps: number,
) => (step: number) => void

/** Proposals that have been worked on before this one. */
export interface Done {
  readonly warmups: number
  readonly samples: number
}

/** The result of a proposal, and the weights that replace those given. */
export interface Evaluated<W> {
  readonly weights: W
  readonly observation: Either<Interruption, Observation>
}

/** How architectures are trained and evaluated, and at which cost. W is what it keeps between proposals: weights on an engine, or nothing. */
export interface Evaluator<W> {
  /** Work of a proposal of either type, in evaluation steps; what progress is measured in. */
  readonly cost: { readonly warmup: number; readonly sample: number }
  /** Begins with the weights of the operations given: anew, or from what was stored; InvalidCheckpoint if that does not fit. */
  begin(remaining: Architecture, stored: StoredTensors | undefined): Either<CpnasError, W>
  /**
   * Proposals that will come next, the first of them at once: work on them may begin. Absent where one is evaluated after the other.
   */
  foresee?(weights: W, proposals: readonly Proposal[], done: Done): void
  /** Works on a proposal. Consumes the weights. */
  evaluate(weights: W, proposal: Proposal, done: Done, report: Reporter): Promise<Evaluated<W>>
  /** Drops the weights of operations that no longer remain. Consumes the weights. */
  prune(weights: W, remaining: Mixture): W
  /** The weights off the engine: what `begin` can restore. */
  store(weights: W): Promise<StoredTensors>
  /** Frees the weights. */
  dispose(weights: W): void
}
