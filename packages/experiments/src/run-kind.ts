import type { CpnasError } from '@cpnas/core'
import type { RunBase, RunFormat } from '@cpnas/runs'
import type { Either } from 'fp-ts/lib/Either.js'
import type { Hyperparameters } from './hyperparameters.js'

/**
 * A kind of run (a search, a training, an ablation): which hyper-parameters it has, and how its files look. P names its presets, C is
 * its configuration, R what config.json holds.
 */
export interface RunKind<P extends string, C extends object, R extends RunBase> extends RunFormat<R> {
  readonly defaultPreset: P
  /** Where config.json has the hyper-parameters. */
  readonly section: string
  readonly hyperparameters: Hyperparameters<P, C>
  /** A configuration with the options given in place of its own, and with what they mean for others. Default: nothing. */
  readonly withGiven?: (config: C, given: Partial<C>) => C
  /** Every hyper-parameter in its range, and all of them consistent. */
  readonly check: (config: C) => Either<CpnasError, C>
  /** The configuration in what config.json holds. */
  readonly configOf: (run: R) => C
}
