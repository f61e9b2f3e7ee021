import { type CpnasError, cpnasError } from '@cpnas/core'

/** InvalidCheckpoint for a tensor of a checkpoint that does not fit the run to resume. */
export const tensorMismatch = (name: string, problem: string): CpnasError =>
  cpnasError(
    'InvalidCheckpoint',
    `the checkpoint's tensor ${name}`,
    problem,
    'Resume with the data and options of that run, or start a new one',
  )
