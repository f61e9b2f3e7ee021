import {
  type DropEntry,
  roundCount,
  type SampleEntry,
  type SearchConfig,
  type SearchEvent,
  samplesIn,
  type WarmupEntry,
} from '@cpnas/search'
import { percent } from './format.js'
import type { EventWords } from './reporter.js'

/** How far the search is: "round 2/7 pass 1/1 sample 3/7". */
const position = (
  config: SearchConfig,
  { round, pass, sample }: Pick<SampleEntry, 'round' | 'pass' | 'sample'>,
): string =>
  `round ${round}/${roundCount(config)} pass ${pass}/${config.passes} sample ${sample}/${samplesIn(config, round)}`

const warmupLine = (config: SearchConfig, { epoch, lossChild, lossParent }: WarmupEntry): string =>
  `warm-up ${epoch}/${config.warmupEpochs}: loss child ${lossChild.toFixed(3)} parent ${lossParent.toFixed(3)}`

const accuracies = ({ accuracyChild, accuracyParent }: SampleEntry): string =>
  `child ${percent(accuracyChild)} parent ${percent(accuracyParent)}`

const sampleLine = (config: SearchConfig, entry: SampleEntry): string =>
  `${position(config, entry)}: ${accuracies(entry)} z ${entry.z.toFixed(3)}`

const dropLine = ({ round, normal, reduce }: DropEntry): string => {
  const counts = new Map<string, number>()
  for (const { dropped } of [...normal, ...reduce]) counts.set(dropped, (counts.get(dropped) ?? 0) + 1)
  const list = [...counts].sort(([, a], [, b]) => b - a).map(([operation, n]) => `${operation} ${n}x`)
  return `round ${round}: dropped ${list.join(', ')}`
}

/** A line for every sample, warm-up epoch and drop; above a bar, finished rounds. */
export const searchWords = (config: SearchConfig): EventWords<SearchEvent> => ({
  line: event => {
    switch (event.type) {
      case 'warmup':
        return warmupLine(config, event.entry)
      case 'sample':
        return sampleLine(config, event.entry)
      case 'drop':
        return dropLine(event.entry)
      default:
        return undefined
    }
  },
  position: event =>
    event.type !== 'progress' ? undefined : event.phase === 'warmup' ? 'warm-up' : position(config, event),
  figures: event => (event.type === 'sample' ? accuracies(event.entry) : undefined),
  isKept: ({ type }) => type === 'warmup' || type === 'drop',
})
