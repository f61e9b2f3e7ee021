import { type CpnasError, cpnasError } from '@cpnas/core'
import {
  createPool,
  createRunner,
  type PackedModel,
  type Pool,
  type PoolOptions,
  type Runner,
  type RunnerOptions,
} from '@cpnas/packed'
import * as TE from 'fp-ts/lib/TaskEither.js'

const started = <A>(start: () => Promise<A>): TE.TaskEither<CpnasError, A> =>
  TE.tryCatch(start, error =>
    cpnasError(
      'BackendUnavailable',
      'packed engine',
      `cannot be started (${(error as Error).message})`,
      'Use a Node whose WebAssembly has SIMD: 20.19 or newer',
    ),
  )

/** A runner of a packed network. Error BackendUnavailable: WebAssembly has no SIMD here. */
export const openRunner = (packed: PackedModel, options?: RunnerOptions): TE.TaskEither<CpnasError, Runner> =>
  started(() => createRunner(packed, options))

/** Threads that run a packed network, for as long as they are used. Errors as those of `openRunner`. */
export const withPool =
  (packed: PackedModel, options?: PoolOptions) =>
  <A>(use: (pool: Pool) => TE.TaskEither<CpnasError, A>): TE.TaskEither<CpnasError, A> =>
    TE.bracket(
      started(() => createPool(packed, options)),
      use,
      pool => TE.fromIO(pool.close),
    )
