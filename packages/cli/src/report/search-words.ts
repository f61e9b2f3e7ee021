import type { DropEntry, Position, SampleEntry, SearchConfig, SearchEvent, WarmupEntry } from '@cpnas/search'
import { percent } from './format.js'
import type { EventWords } from './reporter.js'

/** How far the search is: "round 2/7 pass 1/1 sample 3/7"; of a search of one round "sample 3/35". */
const positionText = ({ round, rounds, pass, passes, sample, samples }: Position): string =>
  rounds === 1 && passes === 1
    ? `sample ${sample}/${samples}`
    : `round ${round}/${rounds} pass ${pass}/${passes} sample ${sample}/${samples}`

const warmupLine = (config: SearchConfig, { epoch, lossChild, lossParent }: WarmupEntry): string =>
  `warm-up ${epoch}/${config.warmupEpochs}: loss child ${lossChild!.toFixed(3)}${lossParent === undefined ? '' : ` parent ${lossParent.toFixed(3)}`}`

const accuracies = ({ accuracyChild, accuracyParent }: SampleEntry): string =>
  `child ${percent(accuracyChild)}${accuracyParent === undefined ? '' : ` parent ${percent(accuracyParent)}`}`

const dropLine = ({ round, normal, reduce }: DropEntry): string => {
  const counts = new Map<string, number>()
  for (const { dropped } of [...normal, ...reduce]) counts.set(dropped, (counts.get(dropped) ?? 0) + 1)
  const list = [...counts].sort(([, a], [, b]) => b - a).map(([operation, n]) => `${operation} ${n}x`)
  return `round ${round}: dropped ${list.join(', ')}`
}

/**
 * The line that names the evaluator of a search whose strategy was given, or is varied, without one; a strategy that was given may have
 * decided it.
 */
export const evaluatorChosen = (
  given: Readonly<Record<string, unknown>>,
  { strategy, evaluator }: SearchConfig,
  varied: readonly string[] = [],
): readonly string[] => {
  if (given.evaluator !== undefined || varied.includes('evaluator')) return []
  if (varied.includes('strategy')) return [`Search: every strategy with --evaluator ${evaluator}`]
  return given.strategy === undefined ? [] : [`Search: ${strategy}, with --evaluator ${evaluator}`]
}

/** A line for every sample, warm-up epoch and drop; above a bar, finished rounds. */
export const searchWords = (config: SearchConfig): EventWords<SearchEvent> => ({
  line: event => {
    switch (event.type) {
      case 'warmup':
        return warmupLine(config, event.entry)
      case 'sample':
        return `${positionText(event.position)}: ${accuracies(event.entry)}${event.entry.accuracyParent === undefined ? '' : ` z ${event.entry.z.toFixed(3)}`}`
      case 'drop':
        return dropLine(event.entry)
      default:
        return undefined
    }
  },
  position: event =>
    event.type !== 'progress' ? undefined : event.phase === 'warmup' ? 'warm-up' : positionText(event),
  figures: event => (event.type === 'sample' ? accuracies(event.entry) : undefined),
  isKept: ({ type }) => type === 'warmup' || type === 'drop',
})
