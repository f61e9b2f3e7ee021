import { metrics } from '@cpnas/model'
import { parseEvaluation, parseJournal, parseSearchHistory, parseTrainingHistory } from '@cpnas/runs'
import { isLeft, left, right } from 'fp-ts/lib/Either.js'
import { expect, test } from 'vitest'
import { drop, epoch, history, sample, saved, start } from '../../report/test/support/runs.js'

const lines = (entries: readonly unknown[]): string => entries.map(entry => `${JSON.stringify(entry)}\n`).join('')

test('histories come back as they were written', () => {
  expect(parseSearchHistory(lines(history), 'h')).toEqual(right(history))
  const epochs = [epoch(1, 0.5), epoch(2, 0.6)]
  expect(parseTrainingHistory(lines(epochs), 'h')).toEqual(right(epochs))
  expect(parseSearchHistory('', 'h')).toEqual(right([]))
})

const refused = (text: string, parse: (text: string, path: string) => unknown = parseSearchHistory) => {
  const parsed = parse(text, 'h') as ReturnType<typeof parseSearchHistory>
  return isLeft(parsed) ? [parsed.left._tag, parsed.left.where, parsed.left.problem] : 'taken'
}

test.each([
  ['{', ['h, line 1', 'is not JSON']],
  [lines([sample(1, 1, 0.5), { type: 'nap' }]), ['h, line 2', 'is none of warmup, sample, drop']],
  [lines([{ type: 'toString' }]), ['h, line 1', 'is none of warmup, sample, drop']],
  ['null', ['h, line 1', 'is none of warmup, sample, drop']],
  [lines([{ ...sample(1, 1, 0.5), z: '0.5' }]), ['h, line 1', '"z" is no number']],
  ['{"type":"warmup","epoch":1e999}', ['h, line 1', '"epoch" is no number']],
  [lines([{ ...sample(1, 1, 0.5), architecture: {} }]), ['h, line 1', '"architecture" is no architecture']],
  [lines([{ ...drop(1), normal: [] }]), ['h, line 1', 'has 0 and 14 edges, not those of a cell']],
  [
    lines([{ ...drop(1), reduce: drop(1).reduce.map(edge => ({ ...edge, e: [1] })) }]),
    ['h, line 1', '"reduce" has lists of different lengths'],
  ],
  [
    lines([{ ...drop(1), reduce: drop(1).reduce.map(edge => ({ ...edge, dropped: '<b>' })) }]),
    ['h, line 1', '"reduce": "dropped" is no operation'],
  ],
])('a search refuses %s', (text, [where, problem]) => {
  expect(refused(text)).toEqual(['InvalidCheckpoint', where, problem])
})

test('a training refuses what is no epoch', () => {
  expect(refused(lines([sample(1, 1, 0.5)]), parseTrainingHistory)).toEqual([
    'InvalidCheckpoint',
    'h, line 1',
    'is none of epoch',
  ])
  expect(refused(lines([{ ...epoch(1, 0.5), terms: { filter: 1 } }]), parseTrainingHistory)).toEqual([
    'InvalidCheckpoint',
    'h, line 1',
    '"terms": "crossEntropy" is no number',
  ])
})

test('a journal comes back, or is told what is wrong with it and that it may go', () => {
  const journal = [start('12:00:00', 0), saved('12:00:10', 1), { type: 'finished', time: '2026-05-01T12:00:11.000Z' }]
  expect(parseJournal(lines(journal), 'j')).toEqual(right(journal))
  expect(refused(lines([saved('99:00:00', 1)]), parseJournal)).toEqual([
    'InvalidCheckpoint',
    'h, line 1',
    '"time" is no time',
  ])
  expect(refused(lines([saved('12:00:00', -1)]), parseJournal)).toEqual([
    'InvalidCheckpoint',
    'h, line 1',
    '"entries" is no count',
  ])
  expect(parseJournal('{', 'j')).toMatchObject({
    left: { where: 'j, line 1', problem: 'is not JSON', remedy: expect.stringMatching(/^Remove the file/) },
  })
})

test('an evaluation comes back, or is told what it lacks', () => {
  const tested = metrics([2, 1, 0, 3], [0, 1], ['a', 'b'])
  const evaluation = { best: tested, last: tested }
  expect(parseEvaluation(JSON.stringify(evaluation), 'e')).toEqual(right(evaluation))
  const { last, ...half } = evaluation
  expect(refused(JSON.stringify(half), parseEvaluation)).toEqual(['InvalidCheckpoint', 'h', '"last" is no object'])
  expect(refused(JSON.stringify({ ...half, last: { ...last, confusion: [[1]] } }), parseEvaluation)).toEqual([
    'InvalidCheckpoint',
    'h',
    '"last" has a confusion matrix that does not fit its classes',
  ])
  expect(parseEvaluation('', 'e')).toEqual(left(expect.objectContaining({ problem: 'is not JSON' })))
})
