import type { Backend } from '@cpnas/backends'
import type { SplitBatches } from '@cpnas/data'

/** What training and evaluation work with: an engine, the configuration C, the images in batches, and the signal to stop. */
export interface Context<T, C> {
  readonly backend: Backend<T>
  readonly config: C
  readonly splits: SplitBatches
  readonly signal: AbortSignal | undefined
}
