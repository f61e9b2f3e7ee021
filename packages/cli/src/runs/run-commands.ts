import { ablationRun, creationRun, type RunKind, searchRun, tableRun, trainingRun } from '@cpnas/experiments'
import type { RunBase } from '@cpnas/runs'

/** A kind of run on the command line. */
export interface RunCommand<P extends string, C extends object, R extends RunBase> {
  readonly kind: RunKind<P, C, R>
  /** The command that begins and continues it. */
  readonly name: string
  readonly defaultDirectory: string
}

const runCommand = <P extends string, C extends object, R extends RunBase>(
  name: string,
  kind: RunKind<P, C, R>,
  defaultDirectory: string,
): RunCommand<P, C, R> => ({ kind, name, defaultDirectory })

export const searchRuns = runCommand('search', searchRun, './cpnas-run')
export const trainingRuns = runCommand('train', trainingRun, './cpnas-train')
export const ablationRuns = runCommand('ablate', ablationRun, './cpnas-ablation')
export const creationRuns = runCommand('create', creationRun, './cpnas-create')
export const tableRuns = runCommand('table build', tableRun, './cpnas-table')
