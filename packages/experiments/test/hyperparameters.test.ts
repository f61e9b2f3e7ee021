import { parseValue } from '@cpnas/core'
import { presets, type SearchConfig, searchOptions } from '@cpnas/search'
import { type TrainingConfig, trainingPresets } from '@cpnas/training'
import { right } from 'fp-ts/lib/Either.js'
import { expect, test } from 'vitest'
import { checkGiven, givenOf } from '../src/hyperparameters.js'
import { searchRun } from '../src/search/kind.js'
import { trainingRun } from '../src/training/kind.js'

test('only what was given is taken over', () => {
  expect(givenOf(searchRun.hyperparameters, { betaP: 1, flip: false })).toEqual({ betaP: 1, flip: false })
  expect(givenOf(searchRun.hyperparameters, {})).toEqual({})
})

test('crop stands in for cropScale, and has no effect beside a range', () => {
  expect(givenOf(searchRun.hyperparameters, { crop: 4 })).toEqual({ crop: 4, cropScale: 'none' })
  expect(givenOf(searchRun.hyperparameters, { crop: 0, cropScale: [0.6, 1] })).toEqual({ crop: 0, cropScale: [0.6, 1] })
  expect(parseValue(searchOptions.cropScale.range)('0.6,1')).toEqual(right([0.6, 1]))
  const check = (values: Partial<SearchConfig>) =>
    checkGiven(searchRun.hyperparameters, values, { ...presets.quick, ...values })
  expect(check({ crop: 4, cropScale: [0.6, 1] })).toMatchObject({
    left: { where: 'crop', problem: 'has no effect beside `cropScale` 0.6,1' },
  })
  const values = [
    { crop: 4 },
    { cropScale: [0.6, 1] },
    { crop: 0, cropScale: [0.6, 1] },
    { crop: 4, cropScale: 'auto' },
  ] as const
  for (const one of values) expect(check(one)).toEqual(right(undefined))
})

test('options that have no effect beside the others are refused, in whatever preset the others are', () => {
  const check = (values: Partial<TrainingConfig>) =>
    checkGiven(trainingRun.hyperparameters, values, { ...trainingPresets.quick, ...values })
  const wrong = [
    [{ optimizer: 'sgd', beta2: 0.9 }, 'beta2', '`optimizer` sgd'],
    [{ schedule: 'constant', minLearningRate: 0.001 }, 'minLearningRate', '`schedule` constant'],
    [{ precision: 'float', filterWeight: 0.1 }, 'filterWeight', '`precision` float'],
    [{ temperature: 2 }, 'temperature', '`distillationWeight` 0'],
  ] as const
  for (const [values, where, other] of wrong)
    expect(check(values)).toMatchObject({ left: { where, problem: `has no effect beside ${other}` } })
  const fine = [
    { optimizer: 'adam', beta2: 0.9 },
    { precision: 'float', filterWeight: 0 },
    { temperature: 2, distillationWeight: 1 },
  ] as const
  for (const values of fine) expect(check(values)).toEqual(right(undefined))
})
