import { left } from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { printable } from './text.js'

/** What went wrong outside the program's control, or in what the user gave it. */
export type CpnasErrorTag =
  | 'InvalidOption'
  | 'InvalidData'
  | 'InvalidGenotype'
  | 'InvalidCheckpoint'
  | 'InvalidModel'
  | 'OutputInUse'
  | 'StorageFailed'
  | 'DownloadFailed'
  | 'BackendUnavailable'
  | 'DeviceFailed'
  | 'NonFiniteLoss'

/**
 * An expected failure, carried as a value (`Either`, `TaskEither`), never thrown.
 * `where` names the file, option or sample; `remedy` says what the reader can do about it.
 */
export interface CpnasError {
  readonly _tag: CpnasErrorTag
  readonly problem: string
  readonly where: string
  readonly remedy: string
}

/** An expected failure; sentences without a full stop. */
export const cpnasError = (_tag: CpnasErrorTag, where: string, problem: string, remedy: string): CpnasError => ({
  _tag,
  where,
  problem,
  remedy,
})

/** One line for people: `where: problem. remedy.` Names in it are made printable. */
export const formatError = ({ where, problem, remedy }: CpnasError): string =>
  printable(`${where}: ${problem}. ${remedy}.`)

/**
 * The device of an engine failed: lost, out of memory, an invalid command, a tensor that is too large. Thrown, because
 * tensor operations have no other way to say so; everything computed since is void. `error` is what to tell people.
 */
export class DeviceError extends Error {
  override readonly name = 'DeviceError'
  readonly error: CpnasError

  constructor(error: CpnasError) {
    super(formatError(error))
    this.error = error
  }
}

/** A DeviceError that a task throws, as a value. Whatever else it throws is a defect and goes on. */
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
