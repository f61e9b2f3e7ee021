import { networkSizes, summarizeSearch } from '@cpnas/experiments'
import { presets, type SearchConfig, type SearchEvent } from '@cpnas/search'
import { cpNas, specFor } from '@cpnas/supernet'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { duration, percent, secondsLeft } from '../src/report/format.js'
import { layOut } from '../src/report/layout.js'
import { barLine, barReporter, jsonReporter, lineReporter } from '../src/report/reporter.js'
import { evaluatorChosen, searchWords } from '../src/report/search-words.js'
import { genotypeTable, printSummary } from '../src/report/summary.js'

const config: SearchConfig = {
  ...presets.quick,
  strategy: 'cp-nas',
  evaluator: 'shared-weights',
  space: 'cp-nas',
  operations: ['none', 'skip_connect', 'sep_conv_3x3'],
  passes: 2,
}
const words = searchWords(config)
const cell = Array<string>(14).fill('skip_connect')
const architecture = { normal: cell, reduce: cell }

const sample = (round: number, accuracyChild: number, accuracyParent: number): SearchEvent => ({
  type: 'sample',
  fraction: 0.25,
  position: { round, rounds: 2, pass: 2, passes: 2, sample: 1, samples: 4 - round },
  entry: {
    ...{ type: 'sample', round, pass: 2, sample: 1, architecture, accuracyChild, accuracyParent, z: 0.5 },
    ...{ lossChild: 1, lossParent: 1, validationLossChild: 1, validationLossParent: 1 },
  },
})
const indicator = (dropped: string) => ({ operations: [], zbar: [], e: [], dropped })
const drop: SearchEvent = {
  type: 'drop',
  fraction: 0.5,
  entry: {
    type: 'drop',
    round: 1,
    normal: [indicator('none'), indicator('skip_connect')],
    reduce: [indicator('skip_connect')],
  },
}
const progress: SearchEvent = {
  ...{ type: 'progress', fraction: 0.1, phase: 'train', network: 'child', step: 1, steps: 9 },
  ...{ round: 1, rounds: 2, pass: 1, passes: 2, sample: 2, samples: 3 },
}

const recorder = () => {
  const texts = { out: '', err: '' }
  const io = {
    out: (text: string) => {
      texts.out += text
    },
    err: (text: string) => {
      texts.err += text
    },
    terminal: undefined,
    signal: new AbortController().signal,
  }
  return { texts, io }
}

/** A clock that is 10 s later at every look. */
const slowClock = () => {
  let time = 0
  return () => {
    time += 10_000
    return time
  }
}

test('durations have their two largest units', () => {
  expect([0, 59.4, 59.6, 189, 3600, 3900].map(duration)).toEqual([
    '0 s',
    '59 s',
    '1 min 00 s',
    '3 min 09 s',
    '1 h 00 min',
    '1 h 05 min',
  ])
  expect(percent(0.4567)).toBe('45.7 %')
})

test('at constant speed the time left is exact', () =>
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 0.9, noNaN: true }),
      fc.double({ min: 0.01, max: 1, noNaN: true }),
      (begin, share) => {
        const whole = 1000
        const fraction = begin + share * (1 - begin)
        const left = secondsLeft({ time: 5, fraction: begin }, { time: 5 + (fraction - begin) * whole, fraction })
        expect(left).toBeCloseTo(((1 - fraction) * whole) / 1000, 6)
      },
    ),
  ))

test('without progress there is no telling', () => {
  expect(secondsLeft({ time: 0, fraction: 0.5 }, { time: 9, fraction: 0.5 })).toBeUndefined()
})

test('an evaluator that was not asked for is named where the strategy was given or is varied', () => {
  expect(evaluatorChosen({}, config)).toEqual([])
  expect(evaluatorChosen({ strategy: 'cp-nas' }, config)).toEqual(['Search: cp-nas, with --evaluator shared-weights'])
  expect(evaluatorChosen({ strategy: 'cp-nas', evaluator: 'scratch' }, config)).toEqual([])
  const every = ['Search: every strategy with --evaluator shared-weights']
  expect(evaluatorChosen({}, config, ['betaP', 'strategy'])).toEqual(every)
  expect(evaluatorChosen({}, config, ['strategy', 'evaluator'])).toEqual([])
})

test('a sample and a drop in one line each', () => {
  expect(words.line(sample(2, 0.25, 0.5))).toBe('round 2/2 pass 2/2 sample 1/2: child 25.0 % parent 50.0 % z 0.500')
  expect(words.line(drop)).toBe('round 1: dropped skip_connect 2x, none 1x')
  expect(words.line(progress)).toBeUndefined()
})

test('lines for a log, with what is left', () => {
  const { texts, io } = recorder()
  const reporter = lineReporter(words, io, slowClock())
  for (const event of [progress, sample(1, 0.25, 0.5), drop]) reporter.event(event)
  expect(texts).toEqual({
    out: '',
    err: `round 1/2 pass 2/2 sample 1/3: child 25.0 % parent 50.0 % z 0.500 (25.0 %, 50 s left)
round 1: dropped skip_connect 2x, none 1x (50.0 %, 25 s left)
`,
  })
})

test('JSON for programs, every event', () => {
  const { texts, io } = recorder()
  const reporter = jsonReporter(io, slowClock())
  for (const event of [progress, drop]) reporter.event(event)
  expect(texts.err).toBe('')
  expect(
    texts.out
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line)),
  ).toEqual([progress, { ...drop, secondsLeft: 12.5 }])
})

test('a bar for a terminal, with finished rounds above it', () => {
  let text = ''
  const terminal = {
    ...process.stderr,
    isTTY: true,
    columns: 120,
    write: (part: string) => {
      text += part
      return true
    },
  } as unknown as NodeJS.WritableStream
  const reporter = barReporter(words, terminal, slowClock())
  for (const event of [progress, sample(1, 0.25, 0.5), drop, progress]) reporter.event(event)
  reporter.close()
  expect(text).toContain('round 1: dropped')
  expect(text).toContain('round 1/2 pass 1/2 sample 2/3 | child 25.0 % parent 50.0 %')
})

test('a summary has the last round, sizes and the table', () => {
  const data = { channels: 1, classNames: Array.from({ length: 10 }, (_, i) => `class ${i}`) }
  const history = [sample(1, 0, 0), sample(2, 0.2, 0.4), sample(2, 0.4, 0.8)].flatMap(event =>
    event.type === 'sample' ? [event.entry] : [],
  )
  const summary = summarizeSearch(config, data, architecture, { history }, 75)
  expect(summary.accuracyChild).toBeCloseTo(0.3)
  expect(summary.accuracyParent).toBeCloseTo(0.6)
  expect(summary).toMatchObject({ chance: 0.1, samples: 3, ...networkSizes(specFor(config, data), architecture) })
  expect(summary.child.binary + summary.child.float).toBe(summary.parent.float)
  const text = layOut(printSummary(summary, cpNas, 'some/where'))
  expect(text).toContain(layOut([genotypeTable(architecture, cpNas)]))
  expect(text).toContain('Child 30.0 %, Parent 60.0 % (chance 10.0 %)')
  expect(text).toContain('3 architectures, 1 min 15 s')
  expect(text).toContain('Files in some/where')
  expect(text).toMatch(/\nNext: cpnas train --genotype some\/where\n$/)
})

describe('a line with a bar', () => {
  const line = {
    fraction: 0.25,
    position: 'sample 3/35',
    figures: ['child 25.0 % parent 50.0 %'],
    left: ['3 min 09 s left'],
  }

  test('has all of it where there is room', () => {
    expect(barLine(line, 120)).toBe(
      `${'━'.repeat(6)}${'─'.repeat(18)} 25 % | sample 3/35 | child 25.0 % parent 50.0 % | 3 min 09 s left`,
    )
  })

  test('gives up the figures first, then the bar, then the end of the position; never the time left', () => {
    expect(barLine(line, 60)).toBe(`${'━'.repeat(6)}${'─'.repeat(17)} 25 % | sample 3/35 | 3 min 09 s left`)
    expect(barLine(line, 40)).toBe('25 % | sample 3/35 | 3 min 09 s left')
    expect(barLine(line, 30)).toBe('25 % | samp… | 3 min 09 s left')
  })

  test('is never longer than the terminal, and has the time left on any of 40 columns and more', () =>
    fc.assert(
      fc.property(
        fc.integer({ min: 40, max: 200 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.string({ maxLength: 100 }),
        fc.array(fc.string({ maxLength: 100 }), { maxLength: 1 }),
        (columns, fraction, position, figures) => {
          const text = barLine({ ...line, fraction, position, figures }, columns)
          expect(text.length).toBeLessThanOrEqual(columns)
          expect(text).toContain('3 min 09 s left')
        },
      ),
    ))
})
