import { presets } from '@cpnas/search'
import { trainingPresets } from '@cpnas/training'
import fc from 'fast-check'
import { isLeft, right } from 'fp-ts/lib/Either.js'
import { expect, test } from 'vitest'
import { ablationOptions, checkAblationConfig, flatten, unflatten } from '../../src/ablation/options.js'
import { resultsCsv, rowsOf, spread } from '../../src/ablation/results.js'
import { planTrials } from '../../src/ablation/trials.js'
import { assignments, formatVary, label, parseVary, type Vary } from '../../src/ablation/vary.js'

const config = { search: presets.quick, training: { ...trainingPresets.quick, space: presets.quick.space } }
const betaP: Vary = { name: 'betaP', values: [0, 1.5] }
const lambda: Vary = { name: 'lambda', values: [0, 0.1] }
const filterWeight: Vary = { name: 'filterWeight', values: [0, 1] }

test('a search and a training come back from their options in one list', () => {
  expect(unflatten(flatten(config))).toEqual(config)
  expect(checkAblationConfig(flatten(config))).toEqual(right(flatten(config)))
  expect(Object.keys(flatten(config))).toEqual(Object.keys(ablationOptions))
})

test('options that both have are told apart, also in messages; the seed is one', () => {
  const names = Object.keys(ablationOptions)
  expect(names).toEqual(expect.arrayContaining(['seed', 'searchCells', 'trainCells', 'betaP', 'lambda']))
  expect(names).not.toContain('cells')
  const where = (change: object) => {
    const checked = checkAblationConfig({ ...flatten(config), ...change })
    return isLeft(checked) ? checked.left : undefined
  }
  expect(where({ searchCells: 0 })).toMatchObject({ where: 'searchCells' })
  expect(where({ trainCells: 0 })).toMatchObject({ where: 'trainCells' })
  expect(where({ trainLearningRate: 1e-9, trainMinLearningRate: 1 })).toMatchObject({
    where: 'trainMinLearningRate',
    problem: expect.stringContaining('trainLearningRate'),
  })
})

test('values are read as they are printed', () =>
  fc.assert(
    fc.property(fc.uniqueArray(fc.double({ min: 0, max: 10, noNaN: true }).map(Math.abs), { minLength: 1 }), values => {
      const vary = { name: 'betaP', values }
      expect(parseVary(formatVary(vary))).toEqual(right(vary))
    }),
  ))

test('words and switches can be varied; what is no option, no value or given twice is refused', () => {
  expect(parseVary('train-estimator=clipped-identity,polynomial')).toEqual(
    right({ name: 'trainEstimator', values: ['clipped-identity', 'polynomial'] }),
  )
  expect(parseVary('--share-weights=true,false')).toEqual(right({ name: 'shareWeights', values: [true, false] }))
  for (const wrong of ['beta-p', 'beta-q=1', 'beta-p=1,much', 'beta-p=1,1', 'seed=1,2', 'cells=3', 'operations=none'])
    expect(parseVary(wrong)).toMatchObject({ _tag: 'Left' })
})

test('every combination comes up once, the last option changing first', () => {
  expect(assignments([betaP, lambda]).map(label)).toEqual([
    'beta-p=0,lambda=0',
    'beta-p=0,lambda=0.1',
    'beta-p=1.5,lambda=0',
    'beta-p=1.5,lambda=0.1',
  ])
  expect(assignments([]).map(label)).toEqual([''])
})

const plan = (vary: readonly Vary[], parents = false, base = config) =>
  planTrials({ vary, seeds: 2, on: 'test', parents, genotype: undefined, teacher: undefined, config: base })

test('an evaluator brings its recipe, but for what is varied beside it', () => {
  const evaluator: Vary = { name: 'evaluator', values: ['scratch', 'shared-weights'] }
  const rates: Vary = { name: 'searchLearningRate', values: [0.01, 0.05] }
  const recipes = (vary: readonly Vary[]) =>
    plan(vary, false, { ...config, search: presets.paper }).runs.flatMap(({ kind, config }) =>
      kind === 'search' && config.seed === 0 ? `${config.optimizer} ${config.learningRate}` : [],
    )
  expect(recipes([evaluator])).toEqual(['adam 0.01', 'sgd 0.025'])
  expect(recipes([evaluator, rates])).toEqual(['adam 0.01', 'adam 0.05', 'sgd 0.01', 'sgd 0.05'])
})

test('values of the search need searches of their own, values of the training share them', () => {
  const names = (vary: readonly Vary[]) => plan(vary).runs.map(({ name }) => name)
  expect(names([betaP]).slice(0, 4)).toEqual([
    'searches/beta-p=0/seed-0',
    'trainings/beta-p=0/seed-0',
    'searches/beta-p=1.5/seed-0',
    'trainings/beta-p=1.5/seed-0',
  ])
  expect(names([lambda])).toEqual([
    ...['searches/seed-0', 'trainings/lambda=0/seed-0', 'trainings/lambda=0.1/seed-0'],
    ...['searches/seed-1', 'trainings/lambda=0/seed-1', 'trainings/lambda=0.1/seed-1'],
  ])
})

test('every run comes after what it needs, with the values and the seed of its trials', () => {
  const { trials, runs } = plan([betaP, filterWeight], true)
  expect(trials).toHaveLength(8)
  expect(new Set(runs.map(({ name }) => name)).size).toBe(runs.length)
  runs.forEach((run, i) => {
    if (run.kind === 'training') expect(runs.slice(0, i).map(({ name }) => name)).toContain(run.search)
    expect(run.config.seed).toBe(Number(run.name.at(-1)))
    const beta = /beta-p=([\d.]+)/.exec(run.name)?.[1]
    if (run.kind === 'search') expect(run.config.betaP).toBe(Number(beta))
    const weight = /filter-weight=([\d.]+)/.exec(run.name)?.[1]
    if (weight !== undefined && run.kind === 'training') expect(run.config.filterWeight).toBe(Number(weight))
  })
  // A Parent has no 1-bit filters: what their weight is makes no difference to it.
  expect(runs.filter(({ name }) => name.startsWith('parents/'))).toHaveLength(4)
  for (const { name, config } of runs)
    if (name.startsWith('parents/')) expect(config).toMatchObject({ precision: 'float', stages: 1 })
})

test('mean and standard deviation of seeds', () => {
  // (2 + 4 + 9) / 3 = 5; (9 + 1 + 16) / 2 = 13.
  expect(spread([2, 4, 9])).toEqual({ mean: 5, deviation: Math.sqrt(13), accuracies: [2, 4, 9] })
  expect(spread([0.5])).toMatchObject({ mean: 0.5, deviation: null })
  expect(() => spread([])).toThrow(RangeError)
})

test('the deviation is that of the values and moves with them', () =>
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 2 }),
      fc.double({ min: -1, max: 1, noNaN: true }),
      (values, shift) => {
        const before = spread(values)
        const after = spread(values.map(x => x + shift))
        expect(after.mean).toBeCloseTo(before.mean + shift)
        expect(after.deviation!).toBeCloseTo(before.deviation!)
      },
    ),
  ))

test('rows gather the seeds; the table for other programs has a line a trial', () => {
  const results = plan([betaP, lambda]).trials.map((trial, i) => ({
    ...trial,
    accuracy: i / 10,
    accuracyLast: 0,
    accuracyParent: undefined,
  }))
  const rows = rowsOf(results)
  expect(rows.map(({ assignment }) => label(assignment))).toEqual(assignments([betaP, lambda]).map(label))
  expect(rows[1]!.child.accuracies).toEqual([0.1, 0.5])
  const lines = resultsCsv([betaP, lambda], results).trimEnd().split('\n')
  expect(lines).toHaveLength(9)
  expect(lines[0]).toBe('beta-p,lambda,seed,accuracy,accuracy_last,accuracy_parent,search,training,parent')
  expect(lines[2]).toBe('0,0.1,0,0.1,0,,searches/beta-p=0/seed-0,"trainings/beta-p=0,lambda=0.1/seed-0",')
})
