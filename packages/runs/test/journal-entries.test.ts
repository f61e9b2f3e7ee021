import type { JournalEntry } from '@cpnas/runs'
import { expect, test } from 'vitest'
import { saved, start } from '../../report/test/support/runs.js'
import { savingTimes, secondsWorked, stretches } from '../src/journal-entries.js'

/** Saved two entries and was killed in the middle of the third; its successor made the second one again, for its checkpoint was lost. */
const killed: readonly JournalEntry[] = [
  start('12:00:00', 0),
  saved('12:00:10', 1),
  saved('12:00:25', 2),
  start('13:00:00', 1),
  saved('13:00:20', 3),
  { type: 'stopped', time: '2026-05-01T13:00:30.500Z' },
]

/** 2026-05-01T12:00:00Z in seconds since 1970. */
const noon = 1777636800

test('work is told process by process', () => {
  expect(stretches(killed)).toEqual([
    { start: killed[0], seconds: 25, added: 2 },
    { start: killed[3], seconds: 30.5, added: 2 },
  ])
  expect(secondsWorked(killed)).toBe(55.5)
})

test('an entry has the time at which it was saved last', () => {
  expect(savingTimes(killed)).toEqual([noon + 10, noon + 3620, noon + 3620])
})

test('an entry that a checkpoint has and the journal does not has no time', () => {
  expect(savingTimes([start('12:00:00', 0), saved('12:00:10', 1), start('13:00:00', 2), saved('13:00:05', 3)])).toEqual(
    [noon + 10, undefined, noon + 3605],
  )
})

test('a process that saved nothing worked on unknown, and added nothing', () => {
  expect(stretches([start('12:00:00', 4)])).toMatchObject([{ seconds: 0, added: 0 }])
})

test('a journal that begins in the middle tells what it can', () => {
  const torn = [saved('12:00:10', 1), start('12:01:00', 1), saved('12:01:10', 2)]
  expect(stretches(torn)).toMatchObject([{ seconds: 10, added: 1 }])
  expect(savingTimes(torn)).toEqual([noon + 10, noon + 70])
})

test('without a journal nothing is known', () => {
  expect(secondsWorked([])).toBeUndefined()
  expect(savingTimes([])).toEqual([])
})
