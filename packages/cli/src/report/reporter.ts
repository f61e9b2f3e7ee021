import { printable } from '@cpnas/core'
import { MultiBar, type SingleBar } from 'cli-progress'
import type { Io } from '../io.js'
import { duration, type Mark, percent, secondsLeft } from './format.js'

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

/** A bar with the position, the latest figures and the time left; the lines that are kept scroll by above it. */
export const barReporter = <E extends ProgressEvent>(
  words: EventWords<E>,
  terminal: NodeJS.WritableStream,
  now = clock,
): Reporter<E> => {
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
  let position = 'starting'
  let figures: readonly string[] = []
  return {
    event: event => {
      const seconds = left(event.fraction)
      position = words.position(event) ?? position
      const latest = words.figures(event)
      if (latest !== undefined) figures = [latest]
      if (words.isKept(event)) bars.log(`${words.line(event)}\n`)
      const status = [position, ...figures, ...leftText(seconds)].join(' | ')
      bar ??= bars.create(1000, Math.round(event.fraction * 1000), { status })
      bar.update(Math.round(event.fraction * 1000), { status })
    },
    note: line => {
      const text = `${printable(line)}\n`
      if (bar === undefined) terminal.write(text)
      else bars.log(text)
    },
    close: () => {
      if (!bars.isActive) return
      redraw(bars)
      bars.stop()
    },
  }
}
