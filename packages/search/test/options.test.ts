import {
  addedSearchOptions,
  checkConfig,
  checkShareable,
  parseConfig,
  presets,
  type SearchConfig,
  searchConfig,
  searchOptions,
  withGiven,
} from '@cpnas/search'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

const added: Readonly<Record<string, unknown>> = addedSearchOptions
const names = Object.keys(searchOptions) as (keyof SearchConfig)[]
const wrong: readonly (readonly [keyof SearchConfig, unknown])[] = [
  ['strategy', 'grid'],
  ['evaluator', 'oracle'],
  ['space', 'darts'],
  ['samples', 0],
  ['population', 0],
  ['tournament', 0],
  ['seed', -1],
  ['seed', 2 ** 31],
  ['seed', 0.5],
  ['cells', 2],
  ['channels', 0],
  ['operations', ['none']],
  ['operations', ['none', 'none']],
  ['operations', ['none', 'conv_7x7']],
  ['operations', 'none,skip_connect'],
  ['edges', 3],
  ['sepConvRepeat', 3],
  ['prelu', 'yes'],
  ['preprocessPrecision', 'half'],
  ['estimator', 'identity'],
  ['scale', 'filter'],
  ['shareWeights', 1],
  ['passes', 0],
  ['passes', Number.NaN],
  ['betaP', -0.1],
  ['betaP', Number.POSITIVE_INFINITY],
  ['epochsPerSample', 0],
  ['architectureLearningRate', 0],
  ['warmupEpochs', -1],
  ['share', 0],
  ['share', 1.01],
  ['validationShare', 0],
  ['validationShare', 1],
  ['batchSize', 0],
  ['batchSize', 1.5],
  ['crop', -1],
  ['cropScale', 'all'],
  ['cropScale', [0, 1]],
  ['cropScale', [0.5, 0.4]],
  ['cropScale', [0.5, 1.1]],
  ['cropScale', [0.5]],
  ['flip', null],
  ['cutout', -2],
  ['learningRate', 0],
  ['learningRate', '0.1'],
  ['minLearningRate', -1],
  ['momentum', 1],
  ['momentum', -0.5],
  ['weightDecay', -1],
  ['gradientClip', -1],
  ['optimizer', 'rmsprop'],
  ['schedule', 'constant'],
]

describe('options of a search', () => {
  it('are complete and in range in every preset', () => {
    for (const preset of Object.values(presets)) expect(parseConfig(preset)).toEqual({ _tag: 'Right', right: preset })
    expect(names.sort()).toEqual(Object.keys(presets.paper).sort())
  })

  it.each(wrong)('refuses %s = %j and says what to give', (name, value) => {
    expect(checkConfig({ ...presets.quick, [name]: value } as SearchConfig)).toEqual({
      _tag: 'Left',
      left: {
        _tag: 'InvalidOption',
        where: name,
        problem: expect.stringMatching(/is out of range$/),
        remedy: expect.stringMatching(/^Give ./),
      },
    })
  })

  it('are all named when missing, and when unknown', () => {
    fc.assert(
      fc.property(fc.constantFrom(...names), name => {
        const { [name]: _, ...rest } = presets.paper
        // Files of versions that did not have it lack it.
        if (Object.hasOwn(addedSearchOptions, name))
          expect(parseConfig(rest)).toEqual({ _tag: 'Right', right: { ...rest, [name]: added[name] } })
        else expect(parseConfig(rest)).toMatchObject({ left: { where: name, problem: 'is missing' } })
        expect(parseConfig({ ...presets.cifar10, [`${name}s`]: 1 })).toMatchObject({ left: { where: `${name}s` } })
      }),
    )
    expect(parseConfig(null)).toMatchObject({ left: { _tag: 'InvalidOption' } })
  })

  it('say in words what is in range', () => {
    const remedy = (name: keyof SearchConfig): unknown => {
      const checked = checkConfig({ ...presets.quick, [name]: undefined } as unknown as SearchConfig)
      return checked._tag === 'Left' && checked.left.remedy
    }
    expect(remedy('passes')).toBe('Give an integer of at least 1')
    expect(remedy('seed')).toBe('Give an integer from 0 to 2147483647')
    expect(remedy('validationShare')).toBe('Give a number above 0 and below 1')
    expect(remedy('momentum')).toBe('Give a number at least 0 and below 1')
    expect(remedy('edges')).toBe('Give one of all, 2')
    expect(remedy('prelu')).toBe('Give true or false')
  })

  it('must not let the learning rate rise', () => {
    expect(searchConfig('quick', { learningRate: 0.01, minLearningRate: 0.02 })).toMatchObject({
      left: { where: 'minLearningRate', problem: '0.02 is above learningRate 0.01' },
    })
  })

  it('replace those of a preset', () => {
    expect(searchConfig('paper', { passes: 7 })).toEqual({ _tag: 'Right', right: { ...presets.paper, passes: 7 } })
  })
})

describe('a strategy and an evaluator', () => {
  const refused = (options: Partial<SearchConfig>) => {
    const checked = searchConfig('quick', options)
    return checked._tag === 'Left'
      ? `${checked.left.where}: ${checked.left.problem}. ${checked.left.remedy}`
      : undefined
  }

  it('that learns by gradient descent needs the one that relaxes, and no other goes with that', () => {
    expect(refused({ strategy: 'darts', evaluator: 'shared-weights' })).toBe(
      'evaluator: shared-weights does not go with `strategy` darts. Give relaxed',
    )
    expect(refused({ strategy: 'random', evaluator: 'relaxed' })).toBe(
      'evaluator: relaxed does not go with `strategy` random. Give shared-weights or scratch or one-shot',
    )
    expect(refused({ strategy: 'darts', evaluator: 'relaxed' })).toBeUndefined()
  })

  it('is the first one that the strategy names, or that of the preset, if none is given', () => {
    const evaluatorFor = (options: Partial<SearchConfig>) => {
      const checked = searchConfig('quick', options)
      return checked._tag === 'Right' ? checked.right.evaluator : checked.left
    }
    expect(evaluatorFor({ strategy: 'darts' })).toBe('relaxed')
    expect(evaluatorFor({ strategy: 'cp-nas' })).toBe('shared-weights')
    expect(evaluatorFor({ strategy: 'successive-halving' })).toBe('scratch')
    expect(evaluatorFor({ strategy: 'random' })).toBe(presets.quick.evaluator)
    expect(evaluatorFor({ strategy: 'cp-nas', evaluator: 'scratch' })).toBe('scratch')
  })

  it('bring the recipe of the evaluator, but for what is given', () => {
    const recipeFor = (preset: keyof typeof presets, options: Partial<SearchConfig>) => {
      const { optimizer, schedule, learningRate, gradientClip } = withGiven(presets[preset], options)
      return [optimizer, schedule, learningRate, gradientClip]
    }
    expect(recipeFor('quick', {})).toEqual(['adam', 'one-cycle', 0.01, 0])
    expect(recipeFor('quick', { strategy: 'darts' })).toEqual(['sgd', 'cosine', 0.025, 5])
    expect(recipeFor('quick', { strategy: 'darts', learningRate: 0.1 })).toEqual(['sgd', 'cosine', 0.1, 5])
    expect(recipeFor('quick', { strategy: 'cp-nas' })).toEqual(['adam', 'one-cycle', 0.01, 0])
    expect(recipeFor('paper', {})).toEqual(['sgd', 'cosine', 0.025, 5])
    expect(recipeFor('paper', { evaluator: 'scratch' })).toEqual(['adam', 'one-cycle', 0.01, 0])
    expect(recipeFor('quick', { optimizer: 'sgd' })).toEqual(['sgd', 'one-cycle', 0.01, 0])
  })

  it('that trains no Parent refuses one', () => {
    expect(refused({ strategy: 'darts', evaluator: 'relaxed', withParent: 'always' })).toBe(
      'withParent: is always, and `strategy` darts trains no Parent. Leave it out',
    )
    expect(refused({ strategy: 'dcp-nas', evaluator: 'relaxed', withParent: 'always' })).toBeUndefined()
  })

  it('that takes a quarter of the channels needs a multiple of four', () => {
    expect(refused({ strategy: 'pc-darts', evaluator: 'relaxed', channels: 6 })).toMatch(
      /^channels: is 6, which 4 does not divide: .*Give a multiple of 4$/,
    )
    expect(refused({ strategy: 'pc-darts', evaluator: 'relaxed', channels: 12 })).toBeUndefined()
  })

  it('whose samples follow one another cannot be shared out, and it says what can', () => {
    const remedy = (options: Partial<SearchConfig>) => {
      const checked = checkShareable({ ...presets.quick, ...options })
      return checked._tag === 'Left' ? checked.left.remedy : undefined
    }
    const evaluator = 'shared-weights'
    expect(remedy({ strategy: 'cp-nas', evaluator })).toBe('Give `parallel` pass, or `evaluator` scratch')
    expect(remedy({ strategy: 'random', evaluator })).toBe('Give `evaluator` scratch')
    expect(remedy({ strategy: 'darts', evaluator: 'relaxed' })).toBe('Leave it out')
    expect(remedy({ strategy: 'random', evaluator: 'scratch' })).toBeUndefined()
  })
})
