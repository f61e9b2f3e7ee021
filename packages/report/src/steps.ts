import { type SearchRun, savingTimes, type TrainingRun } from '@cpnas/runs'
import type { HistoryEntry, SampleEntry, WarmupEntry } from '@cpnas/search'
import type { EpochEntry } from '@cpnas/training'

/** An entry, its place on the axis of a plot, and when it was saved, in seconds since 1970, where that is recorded. */
export interface Step<E> {
  readonly step: number
  readonly entry: E
  readonly time: number | undefined
}

const isTrained = (entry: HistoryEntry): entry is WarmupEntry | SampleEntry => entry.type !== 'drop'

/** What a search trained, in order: sampled architectures from 1, warm-up epochs before them, up to 0. */
export const architectures = ({ history, journal }: SearchRun): readonly Step<WarmupEntry | SampleEntry>[] => {
  const times = savingTimes(journal)
  const warmups = history.filter(({ type }) => type === 'warmup').length
  return history
    .flatMap((entry, i) => (isTrained(entry) ? [{ entry, time: times[i] }] : []))
    .map((trained, i) => ({ ...trained, step: i + 1 - warmups }))
}

/** The epochs of a training, counted from 1 over all its stages. */
export const overallEpochs = ({ history, journal }: TrainingRun): readonly Step<EpochEntry>[] => {
  const times = savingTimes(journal)
  return history.map((entry, i) => ({ step: i + 1, entry, time: times[i] }))
}
