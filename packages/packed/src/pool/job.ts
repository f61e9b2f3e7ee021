import type { ChosenKernels } from '../runtime/choose-kernels.js'
import type { Verified } from '../runtime/runner.js'

/** What a thread is sent first. */
export interface Start extends ChosenKernels, Verified {}

/** A batch, in memory that all threads share. */
export interface Job {
  readonly id: number
  readonly images: Float32Array<SharedArrayBuffer>
  readonly scores: Float32Array<SharedArrayBuffer>
  readonly count: number
  /** The first image that no thread has taken yet. */
  readonly next: Int32Array<SharedArrayBuffer>
}

/** What a thread says: that it is ready, or that of a job nothing is left for it to take and its own part is done. */
export type Answer = 'ready' | { readonly done: number }
