import type { EpochEntry } from '@cpnas/recipes'
import type { SampleEntry, WarmupEntry } from '@cpnas/search'
import type { SearchRun, TrainingRun } from './run.js'

/** An entry and its place on the axis of a plot. */
export interface Step<E> {
  readonly step: number
  readonly entry: E
}

/** What a search trained, in order: sampled architectures from 1, warm-up epochs before them, up to 0. */
export const architectures = ({ history }: SearchRun): readonly Step<WarmupEntry | SampleEntry>[] => {
  const trained = history.filter(entry => entry.type !== 'drop')
  const warmups = trained.filter(({ type }) => type === 'warmup').length
  return trained.map((entry, i) => ({ step: i + 1 - warmups, entry }))
}

/** The epochs of a training, counted from 1 over all its stages. */
export const overallEpochs = ({ history }: TrainingRun): readonly Step<EpochEntry>[] =>
  history.map((entry, i) => ({ step: i + 1, entry }))
