import { presets, type SearchConfig, searchOptions } from '@cpnas/search'
import { type TrainingConfig, trainingPresets } from '@cpnas/training'
import { right } from 'fp-ts/lib/Either.js'
import { expect, test } from 'vitest'
import { flagOf } from '../src/command.js'
import { formatValue, hyperparametersOf } from '../src/hyperparameters.js'
import { searchRun } from '../src/runs/search-run.js'
import { trainingRun } from '../src/runs/training-run.js'

const { options, given, checkGiven, inFlags } = searchRun.hyperparameters

const names = Object.keys(searchOptions) as (keyof SearchConfig)[]

test('every hyper-parameter has an option', () => {
  expect(Object.keys(options)).toEqual(Object.keys(presets.paper))
})

test('the values of every preset are read as they are printed', () => {
  for (const preset of Object.values(presets))
    for (const name of names) {
      const option = options[name]
      if (option.kind === 'value') expect(option.parse(formatValue(preset[name]))).toEqual(right(preset[name]))
      else expect(preset[name]).toBeTypeOf('boolean')
    }
})

test('a value that cannot be read says what it should be', () => {
  for (const name of names) {
    const option = options[name]
    if (option.kind === 'value' && name !== 'operations')
      expect(option.parse('nonsense')).toEqual({
        _tag: 'Left',
        left: expect.stringMatching(/^(an integer|a number|one of|auto or none, or two numbers) /),
      })
  }
})

test('defaults are those of the presets, told apart where they differ', () => {
  expect(options.momentum.default).toBe('0.9')
  expect(options.operations.default).toBe('all')
  expect(options.cells.default).toBe(
    `quick ${presets.quick.cells}, cifar10 ${presets.cifar10.cells}, paper ${presets.paper.cells}`,
  )
})

test('only what was given is taken over', () => {
  expect(given({ betaP: 1, flip: false })).toEqual({ betaP: 1, flip: false })
  expect(given({})).toEqual({})
})

test('--crop stands in for --crop-scale, and has no effect beside a range', () => {
  expect(given({ crop: 4 })).toEqual({ crop: 4, cropScale: 'none' })
  expect(given({ crop: 0, cropScale: [0.6, 1] })).toEqual({ crop: 0, cropScale: [0.6, 1] })
  expect(options.cropScale.kind === 'value' && options.cropScale.parse('0.6,1')).toEqual(right([0.6, 1]))
  const check = (values: Partial<SearchConfig>) => checkGiven(values, { ...presets.quick, ...values })
  expect(check({ crop: 4, cropScale: [0.6, 1] })).toMatchObject({
    left: { where: '--crop', problem: 'has no effect beside --crop-scale 0.6,1' },
  })
  const values = [
    { crop: 4 },
    { cropScale: [0.6, 1] },
    { crop: 0, cropScale: [0.6, 1] },
    { crop: 4, cropScale: 'auto' },
  ] as const
  for (const one of values) expect(check(one)).toEqual(right(undefined))
})

test('messages speak in flags', () => {
  expect(flagOf('minLearningRate')).toBe('--min-learning-rate')
  expect(inFlags('share')).toBe('--share')
  expect(inFlags('raise share (now 0.5)')).toBe('raise --share (now 0.5)')
  expect(inFlags('Lower learningRate (now 1) or share them')).toBe('Lower --learning-rate (now 1) or share them')
})

test('a flag can be named in another way, in options and in messages', () => {
  const { inFlags } = hyperparametersOf(searchOptions, presets, 'Search:', name => `--search-${name.toLowerCase()}`)
  expect(inFlags('Lower learningRate (now 1)')).toBe('Lower --search-learningrate (now 1)')
})

test('options that have no effect beside the others are refused, in whatever preset the others are', () => {
  const { checkGiven } = trainingRun.hyperparameters
  const check = (values: Partial<TrainingConfig>) => checkGiven(values, { ...trainingPresets.quick, ...values })
  const wrong = [
    [{ optimizer: 'sgd', beta2: 0.9 }, '--beta2', '--optimizer sgd'],
    [{ schedule: 'constant', minLearningRate: 0.001 }, '--min-learning-rate', '--schedule constant'],
    [{ precision: 'float', filterWeight: 0.1 }, '--filter-weight', '--precision float'],
    [{ temperature: 2 }, '--temperature', '--distillation-weight 0'],
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
