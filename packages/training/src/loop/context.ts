import type { Backend } from '@cpnas/backends'
import type { SplitBatches } from '@cpnas/data'

/** What the work on a network has at hand: an engine, the configuration C, the images in batches, and what may stop it. */
export interface Context<T, C> {
  readonly backend: Backend<T>
  readonly config: C
  readonly splits: SplitBatches
  readonly signal: AbortSignal | undefined
}
