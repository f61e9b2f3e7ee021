import { presets, type SearchConfig } from '@cpnas/search'
import { expect, test } from 'vitest'
import { alikeSearches } from '../src/comparison/searches.js'

const search = (config: Partial<SearchConfig>) => ({
  config: { ...presets.quick, ...config },
  ...{ regret: 0, cost: 1, coreSeconds: 1, tau: undefined },
})

test('searches that differ by their seeds only are alike, and named by what tells them from others', () => {
  const searches = [
    search({ strategy: 'random', evaluator: 'scratch', seed: 0 }),
    search({ strategy: 'cp-nas', evaluator: 'shared-weights', seed: 0, betaP: 0.5 }),
    search({ strategy: 'random', evaluator: 'scratch', seed: 1 }),
    search({ strategy: 'cp-nas', evaluator: 'shared-weights', seed: 0, betaP: 1.5 }),
  ]
  expect(alikeSearches(searches).map(({ name, searches }) => [name, searches.length])).toEqual([
    ['random, scratch', 2],
    ['cp-nas, shared-weights, betaP 0.5', 1],
    ['cp-nas, shared-weights, betaP 1.5', 1],
  ])
})
