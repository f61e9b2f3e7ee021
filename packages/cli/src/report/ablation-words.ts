import type { AblationEvent, PlannedRun } from '@cpnas/experiments'
import { duration } from './format.js'
import type { EventWords } from './reporter.js'
import { searchWords } from './search-words.js'
import { trainingWords } from './training-words.js'

/** The words of each run, with its name before them. */
export const ablationWords = (runs: readonly PlannedRun[]): EventWords<AblationEvent> => {
  const searches = new Map(runs.flatMap(run => (run.kind === 'search' ? [[run.name, searchWords(run.config)]] : [])))
  const trainings = new Map(
    runs.flatMap(run => (run.kind === 'training' ? [[run.name, trainingWords(run.config)]] : [])),
  )
  const say = (word: 'line' | 'position' | 'figures', event: AblationEvent): string | undefined =>
    event.type === 'given'
      ? undefined
      : event.kind === 'search'
        ? searches.get(event.run)?.[word](event.event)
        : trainings.get(event.run)?.[word](event.event)
  const named =
    (word: 'line' | 'position') =>
    (event: AblationEvent): string | undefined => {
      const said = say(word, event)
      return said === undefined ? undefined : `${event.run} ${said}`
    }
  return {
    line: event =>
      event.type === 'given'
        ? `${event.run} finished on ${event.by.host} in ${duration(event.by.seconds)}`
        : named('line')(event),
    position: named('position'),
    figures: event => say('figures', event),
    isKept: event =>
      event.type === 'given' ||
      (event.kind === 'search'
        ? (searches.get(event.run)?.isKept(event.event) ?? false)
        : (trainings.get(event.run)?.isKept(event.event) ?? false)),
  }
}
