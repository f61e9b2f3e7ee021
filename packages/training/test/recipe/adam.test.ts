import { initialParameters } from '@cpnas/supernet'
import { trainingPresets } from '@cpnas/training'
import { expect, it } from 'vitest'
import { runTiny, tinyConfig } from './tiny.js'

it('Adam follows its formula, step by step', async () => {
  const { momentum: beta1, beta2 } = trainingPresets.quick
  const learningRate = 1e-3
  const config = { filterWeight: 0, schedule: 'constant', learningRate, weightDecay: 0, epochs: 1 } as const
  const { snapshots } = await runTiny(config, { saveEvery: 1 })
  expect(snapshots).toHaveLength(4)
  for (const name of ['stem.filters', 'head.weights', 'cells.0.inputs.0.pointwise']) {
    const { shape } = snapshots[0]!.tensors[`parameters.${name}`]!
    let before = {
      parameters: Array.from(initialParameters({ [name]: shape }, tinyConfig.seed)[name]!),
      first: Array.from({ length: 100 }, () => 0),
      second: Array.from({ length: 100 }, () => 0),
    }
    for (const [index, { tensors }] of snapshots.entries()) {
      const [parameters, first, second] = (['parameters', 'first', 'second'] as const).map(slot =>
        Array.from(tensors[`${slot}.${name}`]!.values),
      ) as [number[], number[], number[]]
      first.forEach((m, i) => {
        const gradient = (m - beta1 * before.first[i]!) / (1 - beta1)
        const v = beta2 * before.second[i]! + (1 - beta2) * gradient ** 2
        expect(second[i]).toBeCloseTo(v, 14)
        const corrected = { m: m / (1 - beta1 ** (index + 1)), v: v / (1 - beta2 ** (index + 1)) }
        const wanted = before.parameters[i]! - (learningRate * corrected.m) / (Math.sqrt(corrected.v) + 1e-8)
        expect(parameters[i]).toBeCloseTo(wanted, 9)
      })
      before = { parameters, first, second }
    }
  }
})
