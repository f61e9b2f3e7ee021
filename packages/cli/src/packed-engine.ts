import { type CpnasError, cpnasError } from '@cpnas/backends'
import { createRunner, type PackedModel, type Runner, type RunnerOptions } from '@cpnas/packed'
import * as TE from 'fp-ts/lib/TaskEither.js'

/** A runner of a packed network. Error BackendUnavailable: WebAssembly has no SIMD here. */
export const openRunner = (packed: PackedModel, options?: RunnerOptions): TE.TaskEither<CpnasError, Runner> =>
  TE.tryCatch(
    () => createRunner(packed, options),
    error =>
      cpnasError(
        'BackendUnavailable',
        'packed engine',
        `cannot be started (${(error as Error).message})`,
        'Use a Node whose WebAssembly has SIMD: 20.19 or newer',
      ),
  )
