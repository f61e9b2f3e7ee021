import { cpnasError, formatValue } from '@cpnas/core'
import { searchRun, trainingRun } from '@cpnas/experiments'
import { presets, type SearchConfig, searchOptions } from '@cpnas/search'
import { right } from 'fp-ts/lib/Either.js'
import { expect, test } from 'vitest'
import { flagOf, inFlags } from '../src/command.js'
import { hyperparameterOptions } from '../src/hyperparameters.js'

const options = hyperparameterOptions(searchRun.hyperparameters)

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

test('a default is that of the first preset, beside those of the presets that have another', () => {
  expect(options.momentum.default).toBe('0.9')
  expect(options.operations.default).toBe('all')
  expect(options.cells.default).toBe(`${presets.quick.cells}; paper: ${presets.paper.cells}`)
  const { crop } = hyperparameterOptions(trainingRun.hyperparameters)
  expect(crop.default).toBe('0; cpu-10min, cpu-10min-parent: 2; cpu-1h, cpu-1h-parent, cifar10: 4')
})

test('messages speak in flags', () => {
  expect(flagOf('minLearningRate')).toBe('--min-learning-rate')
  const error = cpnasError('InvalidOption', 'out', 'is taken', 'Leave `out` out, or give `cells 3` and learningRate')
  expect(inFlags(['out', 'cells', 'learningRate'])(error)).toEqual({
    ...error,
    where: '--out',
    remedy: 'Leave --out out, or give --cells 3 and --learning-rate',
  })
})
