import { presets, type SearchConfig, searchWith, strategyOf, tableEvaluator } from '@cpnas/search'
import { expect, test } from 'vitest'

const operations = ['none', 'skip_connect', 'conv_3x3'] as const

/** Of a cell: how many of its edges have an operation. */
const count = (cell: readonly string[], operation: string): number => cell.filter(one => one === operation).length

/** Accuracy rises with convolutions; the probability of the right class with skips. */
const evaluator = tableEvaluator(({ normal }) => ({
  child: { accuracy: count(normal, 'conv_3x3') / 5, loss: -Math.log((1 + count(normal, 'skip_connect')) / 6) },
}))

test.each(['random', 'regularized-evolution', 'bayesian'])('%s judges by accuracy or by loss', async strategy => {
  const found = async (score: SearchConfig['score']) => {
    const config: SearchConfig = {
      ...presets.quick,
      ...{ strategy, score, space: 'tiny', operations, samples: 60, population: 8, tournament: 3 },
    }
    const result = await searchWith(strategyOf(config), evaluator)()
    if (result._tag === 'Left' || result.right.status !== 'finished') throw new Error(JSON.stringify(result))
    const { genotype, state } = result.right
    return { cell: genotype.normal, history: state.history }
  }
  const [byAccuracy, byLoss] = [await found('accuracy'), await found('loss')]
  expect(count(byAccuracy.cell, 'conv_3x3')).toBeGreaterThanOrEqual(4)
  expect(count(byLoss.cell, 'skip_connect')).toBeGreaterThanOrEqual(4)
  for (const entry of byLoss.history)
    if (entry.type === 'sample')
      expect(entry.z).toBeCloseTo((1 + count(entry.architecture.normal, 'skip_connect')) / 6, 12)
})
