import { printable } from './text.js'

/** Kinds of failures that are caused by the environment or by the user's input. */
export type CpnasErrorTag =
  | 'InvalidOption'
  | 'InvalidData'
  | 'InvalidGenotype'
  | 'InvalidCheckpoint'
  | 'InvalidModel'
  | 'OutputInUse'
  | 'QueueFailed'
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
