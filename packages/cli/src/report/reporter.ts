import { printable } from '@cpnas/core'
import { MultiBar, type SingleBar } from 'cli-progress'
import type { Io } from '../io.js'
import { duration, type Mark, percent, secondsLeft } from './format.js'
import { wrapped } from './layout.js'

/** Something that happened, and how much of the whole work is done, 0..1. */
export interface ProgressEvent {
  readonly fraction: number
}

/** The events of a kind of run in words. */
export interface EventWords<E> {
  /** One line for a finished piece of work; undefined for any other event. */
  readonly line: (event: E) => string | undefined
  /** How far the run is; undefined if the event does not say. */
  readonly position: (event: E) => string | undefined
  /** The latest figures; undefined if the event has no new ones. */
  readonly figures: (event: E) => string | undefined
  /** Whether the line of an event is kept above a bar. */
  readonly isKept: (event: E) => boolean
}

/** Reports the progress of a run. */
export interface Reporter<E extends ProgressEvent> {
  readonly event: (event: E) => void
  /** A line beside the progress. */
  readonly note: (line: string) => void
  /** Leaves the terminal as it was, at the end; a second call does nothing. */
  readonly close: () => void
}

const clock = (): number => performance.now()

/** Estimates the time left, from the first event on. */
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

/** A line for every finished piece of work. */
export const lineReporter = <E extends ProgressEvent>(words: EventWords<E>, io: Io, now = clock): Reporter<E> => {
  const left = stopwatch(now)
  return {
    event: event => {
      const seconds = left(event.fraction)
      const line = words.line(event)
      if (line !== undefined) io.err(`${line} (${[percent(event.fraction), ...leftText(seconds)].join(', ')})\n`)
    },
    note: line => io.err(`${printable(line)}\n`),
    close: () => {},
  }
}

/** Every event as a line of JSON on `out`, with the seconds left where they can be estimated. */
export const jsonReporter = <E extends ProgressEvent>(io: Io, now = clock): Reporter<E> => {
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

/** Prints nothing. */
export const quietReporter = <E extends ProgressEvent>(): Reporter<E> => ({
  event: () => {},
  note: () => {},
  close: () => {},
})

/** Flushes the lines that wait to be printed; the method is missing from the types. */
const redraw = (bars: MultiBar): void => (bars as MultiBar & { update(): void }).update()

/** Pieces of a line on a terminal, and how many columns the bar may take. */
interface BarLine {
  /** 0..1 */
  readonly fraction: number
  readonly position: string
  readonly figures: readonly string[]
  readonly left: readonly string[]
}

const [widestBar, narrowestBar] = [24, 8]

const bar = (fraction: number, columns: number): string => {
  const done = Math.round(Math.min(1, fraction) * columns)
  return `${'━'.repeat(done)}${'─'.repeat(columns - done)} `
}

/**
 * A bar, the position, the latest figures and the time left on one line of so many columns. Where they do not fit, the bar is shortened, then
 * the figures are left out, then the bar, then the end of the position; the time left always stays.
 */
export const barLine = ({ fraction, position, figures, left }: BarLine, columns: number): string => {
  const share = `${Math.floor(100 * fraction)} %`
  const told = [
    [share, position, ...figures, ...left],
    [share, position, ...left],
  ].map(pieces => pieces.join(' | '))
  for (const text of told) {
    const room = columns - text.length - 1
    if (room >= narrowestBar) return bar(fraction, Math.min(widestBar, room)) + text
  }
  const room = columns - [share, ...left].join(' | ').length - ' | '.length
  const shortened = position.length <= room ? position : `${position.slice(0, Math.max(0, room - 1))}…`
  return [share, ...(room > 1 ? [shortened] : []), ...left].join(' | ').slice(0, columns)
}

/** Of a terminal that does not say how wide it is. */
const usualColumns = 80

/** One line that is redrawn, as `barLine`; the lines that are kept scroll by above it. None is longer than the terminal. */
export const barReporter = <E extends ProgressEvent>(
  words: EventWords<E>,
  terminal: NodeJS.WritableStream & { readonly columns?: number },
  now = clock,
): Reporter<E> => {
  const left = stopwatch(now)
  // The last column stays free: some terminals wrap when it is written.
  const columns = (): number => (terminal.columns ?? usualColumns) - 1
  let line: BarLine = { fraction: 0, position: 'starting', figures: [], left: [] }
  const bars = new MultiBar({
    stream: terminal,
    format: () => barLine(line, columns()),
    hideCursor: true,
    clearOnComplete: true,
    gracefulExit: false,
    emptyOnZero: true,
  })
  let drawn: SingleBar | undefined
  const kept = (text: string): string => `${wrapped(text, columns())}\n`
  return {
    event: event => {
      const { fraction } = event
      const latest = words.figures(event)
      line = {
        fraction,
        position: words.position(event) ?? line.position,
        figures: latest === undefined ? line.figures : [latest],
        left: leftText(left(fraction)),
      }
      if (words.isKept(event)) bars.log(kept(words.line(event)!))
      drawn ??= bars.create(1000, Math.round(fraction * 1000))
      drawn.update(Math.round(fraction * 1000))
    },
    note: text => {
      const lines = kept(printable(text))
      if (drawn === undefined) terminal.write(lines)
      else bars.log(lines)
    },
    close: () => {
      if (!bars.isActive) return
      redraw(bars)
      bars.stop()
    },
  }
}
