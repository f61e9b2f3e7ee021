import type { SearchConfig, SearchEvent } from '@cpnas/search'
import { MultiBar, type SingleBar } from 'cli-progress'
import type { Io } from '../io.js'
import { duration, eventLine, type Mark, percent, position, secondsLeft } from './format.js'

/** Tells how a search goes. */
export interface Reporter {
  readonly event: (event: SearchEvent) => void
  /** A word beside the progress. */
  readonly note: (line: string) => void
  /** Leaves the terminal as it was, at the end; a second call does nothing. */
  readonly close: () => void
}

const clock = (): number => performance.now()

/** Says how long is still to go, from the first event on. */
const stopwatch = (now: typeof clock): ((fraction: number) => number | undefined) => {
  let start: Mark | undefined
  return fraction => {
    const mark = { time: now(), fraction }
    start ??= mark
    return secondsLeft(start, mark)
  }
}

const leftText = (seconds: number | undefined): readonly string[] =>
  seconds === undefined ? [] : [`${duration(seconds)} left`]

/** A line for every sample, warm-up epoch and drop. */
export const lineReporter = (config: SearchConfig, io: Io, now = clock): Reporter => {
  const left = stopwatch(now)
  return {
    event: event => {
      const seconds = left(event.fraction)
      const line = eventLine(config, event)
      if (line !== undefined) io.err(`${line} (${[percent(event.fraction), ...leftText(seconds)].join(', ')})\n`)
    },
    note: line => io.err(`${line}\n`),
    close: () => {},
  }
}

/** Every event as a line of JSON on `out`, with the seconds still to go where they can be told. */
export const jsonReporter = (io: Io, now = clock): Reporter => {
  const left = stopwatch(now)
  return {
    event: event => {
      const secondsLeft = left(event.fraction)
      io.out(
        `${JSON.stringify(secondsLeft === undefined ? event : { ...event, secondsLeft: Math.round(secondsLeft * 10) / 10 })}\n`,
      )
    },
    note: () => {},
    close: () => {},
  }
}

/** Says nothing. */
export const quietReporter = (): Reporter => ({ event: () => {}, note: () => {}, close: () => {} })

/** What lines wait for; the types have no name for it. */
const redraw = (bars: MultiBar): void => (bars as MultiBar & { update(): void }).update()

/** A bar with round, pass, sample, the last accuracies and the time left; finished rounds scroll by above it. */
export const barReporter = (config: SearchConfig, terminal: NodeJS.WritableStream, now = clock): Reporter => {
  const left = stopwatch(now)
  const bars = new MultiBar({
    stream: terminal,
    format: '{bar} {percentage} % | {status}',
    barCompleteChar: '━',
    barIncompleteChar: '─',
    barsize: 24,
    hideCursor: true,
    clearOnComplete: true,
    gracefulExit: false,
    emptyOnZero: true,
  })
  let bar: SingleBar | undefined
  let place = 'starting'
  let accuracies: readonly string[] = []
  return {
    event: event => {
      const seconds = left(event.fraction)
      if (event.type === 'progress') place = event.phase === 'warmup' ? 'warm-up' : position(config, event)
      if (event.type === 'sample')
        accuracies = [`child ${percent(event.entry.accuracyChild)} parent ${percent(event.entry.accuracyParent)}`]
      if (event.type === 'warmup' || event.type === 'drop') bars.log(`${eventLine(config, event)}\n`)
      const status = [place, ...accuracies, ...leftText(seconds)].join(' | ')
      bar ??= bars.create(1000, Math.round(event.fraction * 1000), { status })
      bar.update(Math.round(event.fraction * 1000), { status })
    },
    note: line => {
      if (bar === undefined) terminal.write(`${line}\n`)
      else bars.log(`${line}\n`)
    },
    close: () => {
      if (!bars.isActive) return
      redraw(bars)
      bars.stop()
    },
  }
}
