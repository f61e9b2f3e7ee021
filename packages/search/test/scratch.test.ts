import { referenceBackend } from '@cpnas/backends'
import { presets, type SearchConfig, withGiven } from '@cpnas/search'
import { runTraining, type TrainingConfig, trainingPresets } from '@cpnas/training'
import { expect, test } from 'vitest'
import { runTiny, tinyDataset } from './tiny.js'

const given: Partial<SearchConfig> = {
  ...{ space: 'residual', cells: 3, channels: 2, operations: ['skip_connect', 'conv_1x1'] },
  ...{ seed: 3, samples: 2, epochsPerSample: 3, share: 1, validationShare: 0.5, batchSize: 2, crop: 1, flip: true },
}

test.each<[string, Partial<SearchConfig>]>([
  ['by the recipe of 1-bit networks', {}],
  ['by SGD along a cycle', { optimizer: 'sgd', learningRate: 0.1, weightDecay: 1e-3, gradientClip: 0.5 }],
])('scratch trains %s as a training does', async (_, recipe) => {
  const config = withGiven(presets.quick, { ...given, ...recipe })
  const { result } = await runTiny(config)
  if (result._tag === 'Left') throw new Error(JSON.stringify(result.left))
  for (const entry of result.right.state.history) {
    if (entry.type !== 'sample') throw new Error(entry.type)
    const training: TrainingConfig = {
      ...trainingPresets['cpu-10min'],
      ...Object.fromEntries(Object.entries(config).filter(([name]) => Object.hasOwn(trainingPresets.quick, name))),
      ...{ affine: false, epochs: 3, warmupEpochs: 0.6 },
    }
    const trained = await runTraining(referenceBackend(), { train: tinyDataset() }, entry.architecture, training)()
    if (trained._tag === 'Left') throw new Error(JSON.stringify(trained.left))
    expect(entry.lossChild).toBeCloseTo(trained.right.state.history.at(-1)!.loss, 9)
  }
})
