import {
  type DropEntry,
  roundCount,
  type SampleEntry,
  type SearchConfig,
  type SearchEvent,
  samplesIn,
  type WarmupEntry,
} from '@cpnas/search'

/** 0.4567 to "45.7 %". */
export const percent = (fraction: number): string => `${(fraction * 100).toFixed(1)} %`

/** Seconds in the two largest units: "1 h 05 min", "3 min 09 s", "12 s". */
export const duration = (seconds: number): string => {
  const whole = Math.max(0, Math.round(seconds))
  const [h, min, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60]
  const two = (n: number): string => String(n).padStart(2, '0')
  return h > 0 ? `${h} h ${two(min)} min` : min > 0 ? `${min} min ${two(s)} s` : `${s} s`
}

/** What of the whole search was done at a time. */
export interface Mark {
  /** Milliseconds, on any clock. */
  readonly time: number
  readonly fraction: number
}

/** Seconds still to go at the speed since `start`; undefined as long as there is no speed. */
export const secondsLeft = (start: Mark, now: Mark): number | undefined => {
  const done = now.fraction - start.fraction
  return done > 0 ? ((now.time - start.time) * (1 - now.fraction)) / done / 1000 : undefined
}

/** How far the search is: "round 2/7 pass 1/1 sample 3/7". */
export const position = (
  config: SearchConfig,
  { round, pass, sample }: Pick<SampleEntry, 'round' | 'pass' | 'sample'>,
): string =>
  `round ${round}/${roundCount(config)} pass ${pass}/${config.passes} sample ${sample}/${samplesIn(config, round)}`

const warmupLine = (config: SearchConfig, { epoch, lossChild, lossParent }: WarmupEntry): string =>
  `warm-up ${epoch}/${config.warmupEpochs}: loss child ${lossChild.toFixed(3)} parent ${lossParent.toFixed(3)}`

const sampleLine = (config: SearchConfig, entry: SampleEntry): string =>
  `${position(config, entry)}: child ${percent(entry.accuracyChild)} parent ${percent(entry.accuracyParent)} z ${entry.z.toFixed(3)}`

const dropLine = ({ round, normal, reduce }: DropEntry): string => {
  const counts = new Map<string, number>()
  for (const { dropped } of [...normal, ...reduce]) counts.set(dropped, (counts.get(dropped) ?? 0) + 1)
  const list = [...counts].sort(([, a], [, b]) => b - a).map(([operation, n]) => `${operation} ${n}x`)
  return `round ${round}: dropped ${list.join(', ')}`
}

/** A finished piece of work in one line; undefined for an event that is none. */
export const eventLine = (config: SearchConfig, event: SearchEvent): string | undefined => {
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
}
