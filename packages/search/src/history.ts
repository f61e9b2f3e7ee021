import type { Evaluation } from '@cpnas/training'
import type { Observation } from './strategy.js'
import type { HistoryEntry, PerNetwork, SampleEntry, SearchState, WarmupEntry } from './types.js'

/** The entries of all samples so far, in order. */
export const samplesOf = ({ history }: SearchState): readonly SampleEntry[] =>
  history.filter(entry => entry.type === 'sample')

/** The history with one entry more. */
export const recordOf = ({ history }: SearchState, entry: HistoryEntry): SearchState => ({
  history: [...history, entry],
})

const lossesOf = (losses: Observation['losses']): Pick<SampleEntry, 'lossChild' | 'lossParent'> => ({
  ...(losses && { lossChild: losses.child }),
  ...(losses?.parent === undefined ? {} : { lossParent: losses.parent }),
})

/** The entry of a warm-up epoch, counted from 1. */
export const warmupOf = ({ proposal, losses }: Observation, epoch: number): WarmupEntry => ({
  type: 'warmup',
  epoch,
  architecture: proposal.architecture,
  ...lossesOf(losses),
})

/** The entry of a sample, with what the strategy makes of its evaluations. */
export const sampleOf = (
  { proposal, losses, evaluations }: Observation,
  score: (evaluations: PerNetwork<Evaluation>) => number,
): SampleEntry => {
  if (evaluations === undefined) throw new RangeError('sampleOf: the observation of a sample has no evaluations')
  const { round, pass, sample } = proposal.position
  const { child, parent } = evaluations
  return {
    type: 'sample',
    round,
    pass,
    sample,
    architecture: proposal.architecture,
    ...(proposal.epochs === undefined ? {} : { epochs: proposal.epochs }),
    ...(parent && { accuracyParent: parent.accuracy }),
    accuracyChild: child.accuracy,
    z: score(evaluations),
    ...lossesOf(losses),
    validationLossChild: child.loss,
    ...(parent && { validationLossParent: parent.loss }),
  }
}
