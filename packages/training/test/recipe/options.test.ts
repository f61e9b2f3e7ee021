import { formatRange } from '@cpnas/core'
import {
  addedTrainingOptions,
  checkTrainingConfig,
  parseTrainingConfig,
  presetSources,
  type TrainingConfig,
  trainingConfig,
  trainingOptions,
  trainingPresets,
} from '@cpnas/training'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

const { quick } = trainingPresets
const added: Readonly<Record<string, unknown>> = addedTrainingOptions
const names = Object.keys(trainingOptions) as (keyof TrainingConfig)[]
const presetNames = Object.keys(trainingPresets) as (keyof typeof trainingPresets)[]

const wrong: readonly (readonly [keyof TrainingConfig, unknown])[] = [
  ['seed', -1],
  ['precision', 'half'],
  ['cells', 2],
  ['channels', 0],
  ['space', 'darts'],
  ['stem', 'resnet'],
  ['affine', 1],
  ['sepConvRepeat', 3],
  ['prelu', 'yes'],
  ['preprocessPrecision', 'half'],
  ['estimator', 'identity'],
  ['scale', 'filter'],
  ['share', 0],
  ['share', 1.01],
  ['validationShare', -0.1],
  ['validationShare', 1],
  ['batchSize', 0],
  ['crop', -1],
  ['cropScale', 'all'],
  ['cropScale', [0, 1]],
  ['cropScale', [0.5, 0.4]],
  ['cropScale', [0.5, 1.1]],
  ['cropScale', [0.5]],
  ['flip', null],
  ['cutout', 1.5],
  ['colorJitter', 1.1],
  ['epochs', 0],
  ['stages', 3],
  ['optimizer', 'lamb'],
  ['schedule', 'step'],
  ['learningRate', 0],
  ['minLearningRate', -1],
  ['warmupEpochs', -1],
  ['momentum', 1],
  ['beta2', 1],
  ['weightDecay', -1],
  ['gradientClip', Number.NaN],
  ['dropPath', 1],
  ['auxiliaryWeight', -1],
  ['labelSmoothing', 1],
  ['cpTarget', 'teacher'],
  ['emaDecay', 1],
  ['statisticsDecay', 1],
  ['crossEntropyWeight', -1],
  ['filterWeight', Number.POSITIVE_INFINITY],
  ['lambda', '0.1'],
  ['distillationWeight', -1],
  ['temperature', 0],
]

describe('options of a training', () => {
  it('are complete, in range and consistent in every preset', () => {
    for (const preset of Object.values(trainingPresets)) {
      expect(parseTrainingConfig(preset)).toEqual({ _tag: 'Right', right: preset })
      expect(Object.keys(preset).sort()).toEqual([...names].sort())
    }
  })

  it('have a source for every value of every preset', () => {
    for (const preset of presetNames) {
      expect(Object.keys(presetSources[preset])).toEqual(expect.arrayContaining(names))
      for (const name of names) {
        const source = presetSources[preset][name]
        expect(source).toMatch(
          /^(not stated in the source; ours: .|.*(DARTS|PC-DARTS|EBNAS|DCP-NAS|larq|CP-NAS|XNOR-Net|PyTorch|arXiv))/,
        )
        expect(source).not.toMatch(/\n|\.$/)
      }
    }
  })

  it('name the same source in two presets only where the value is the same, or both are ours', () => {
    for (const name of names)
      for (const preset of ['quick', 'imagenet'] as const)
        if (presetSources[preset][name] === presetSources.cifar10[name])
          expect([name, trainingPresets[preset][name]]).toEqual([name, trainingPresets.cifar10[name]])
  })

  it('have a description in one short line, and every range is tried', () => {
    for (const name of names) {
      expect(trainingOptions[name].description).toMatch(/^[^\n]{5,70}$/)
      expect(wrong.some(([tried]) => tried === name) || trainingOptions[name].range.kind === 'flag').toBe(true)
    }
  })

  it.each(wrong)('refuses %s = %j and says what to give', (name, value) => {
    expect(checkTrainingConfig({ ...quick, [name]: value } as TrainingConfig)).toEqual({
      _tag: 'Left',
      left: {
        _tag: 'InvalidOption',
        where: name,
        problem: expect.stringMatching(/is out of range$/),
        remedy: `Give ${formatRange(trainingOptions[name].range)}`,
      },
    })
  })

  it('are all named when missing, and when unknown', () => {
    fc.assert(
      fc.property(fc.constantFrom(...names), name => {
        const { [name]: _, ...rest } = quick
        // Files of versions that did not have it lack it.
        if (Object.hasOwn(added, name))
          expect(parseTrainingConfig(rest)).toEqual({ _tag: 'Right', right: { ...rest, [name]: added[name] } })
        else expect(parseTrainingConfig(rest)).toMatchObject({ left: { where: name, problem: 'is missing' } })
        expect(parseTrainingConfig({ ...quick, [`${name}s`]: 1 })).toMatchObject({ left: { where: `${name}s` } })
      }),
    )
    expect(parseTrainingConfig([])).toMatchObject({ left: { _tag: 'InvalidOption' } })
  })

  it.each([
    [{ learningRate: 0.01, minLearningRate: 0.02 }, 'minLearningRate', '0.02 is above learningRate 0.01'],
    [{ epochs: 3, warmupEpochs: 3.5 }, 'warmupEpochs', '3.5 is more than the 3 epochs of a stage'],
    [{ stages: 2, precision: 'float' }, 'stages', /1-bit networks/],
    [{ stem: 'imagenet', channels: 1 }, 'channels', /imagenet stem/],
    [{ crossEntropyWeight: 0 }, 'crossEntropyWeight', /nothing teaches/],
  ] as const)('refuses %j, which does not go together', (options, where, problem) => {
    expect(trainingConfig('quick', options)).toMatchObject({
      left: {
        _tag: 'InvalidOption',
        where,
        problem: typeof problem === 'string' ? problem : expect.stringMatching(problem),
      },
    })
  })

  it('go together at the bounds', () => {
    for (const options of [
      { minLearningRate: quick.learningRate },
      { epochs: 2, warmupEpochs: 2 },
      { stages: 2 },
      { crossEntropyWeight: 0, distillationWeight: 1 },
    ] as const)
      expect(trainingConfig('quick', options)).toEqual({ _tag: 'Right', right: { ...quick, ...options } })
  })
})
