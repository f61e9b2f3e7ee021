import type { CpnasError } from '@cpnas/core'
import { startPacked } from '@cpnas/experiments'
import { createPool, type PackedModel, type Pool, type PoolOptions } from '@cpnas/packed'
import * as TE from 'fp-ts/lib/TaskEither.js'

/** Threads that run a packed network, for as long as they are used. Errors as those of `startPacked`. */
export const withPool =
  (packed: PackedModel, options?: PoolOptions) =>
  <A>(use: (pool: Pool) => TE.TaskEither<CpnasError, A>): TE.TaskEither<CpnasError, A> =>
    TE.bracket(
      startPacked(() => createPool(packed, options)),
      use,
      pool => TE.fromIO(pool.close),
    )
