import { type CpnasError, formatError } from '@cpnas/core'
import { left } from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'

/**
 * The device of an engine failed: lost, out of memory, an invalid command, a tensor that is too large. Thrown, because tensor operations
 * have no other way to say so; everything computed since is void. `error` is the message for users.
 */
export class DeviceError extends Error {
  override readonly name = 'DeviceError'
  readonly error: CpnasError

  constructor(error: CpnasError) {
    super(formatError(error))
    this.error = error
  }
}

/** A DeviceError that a task throws, as a value. Anything else it throws is a bug and is rethrown. */
export const catchDeviceError =
  <A>(task: TaskEither<CpnasError, A>): TaskEither<CpnasError, A> =>
  async () => {
    try {
      return await task()
    } catch (thrown) {
      if (thrown instanceof DeviceError) return left(thrown.error)
      throw thrown
    }
  }

/** A tensor operation was called with operands that do not fit: a mistake in the calling program, so it is thrown. */
export class ShapeError extends Error {
  override readonly name = 'ShapeError'
}
