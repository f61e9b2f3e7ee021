import { expect, test } from 'vitest'
import { cpnasError } from '../src/errors.js'
import { kebabCase, renameOptions } from '../src/option-names.js'

const rename = renameOptions(['share', 'learningRate', 'out', 'config'], name => `--${kebabCase(name)}`)
const problemOf = (problem: string): string => rename(cpnasError('InvalidOption', 'share', problem, '')).problem

test('an option is a name in backticks, one in camel case, and one with its value; any other word is a word', () => {
  expect(problemOf('has no place in `out` or out')).toBe('has no place in `--out` or out')
  expect(problemOf('give `share 0.5`')).toBe('give `--share 0.5`')
  expect(problemOf('raise share (now 0.5)')).toBe('raise --share (now 0.5)')
  expect(problemOf('Lower learningRate (now 1) or share them')).toBe('Lower --learning-rate (now 1) or share them')
  expect(problemOf('`cpnas share` and batchSize are other names')).toBe('`cpnas share` and batchSize are other names')
})

test('an error about something else names options in backticks only', () => {
  const error = cpnasError('InvalidCheckpoint', 'share', 'search.learningRate is wrong', 'Leave `out` out')
  expect(rename(error)).toEqual({ ...error, remedy: 'Leave `--out` out' })
})

test('where names an option, several, or one and more, in errors about options only', () => {
  const whereOf = (where: string, tag: 'InvalidOption' | 'InvalidData' = 'InvalidOption'): string =>
    rename(cpnasError(tag, where, '', '')).where
  expect(whereOf('share')).toBe('--share')
  expect(whereOf('share, learningRate')).toBe('--share, --learning-rate')
  expect(whereOf('config a/share.json')).toBe('--config a/share.json')
  expect(whereOf('out/share')).toBe('out/share')
  expect(whereOf('share', 'InvalidData')).toBe('share')
})
