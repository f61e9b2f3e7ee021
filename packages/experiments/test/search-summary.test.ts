import { presets, type SearchState } from '@cpnas/search'
import { residual } from '@cpnas/supernet'
import { expect, test } from 'vitest'
import { summarizeSearch } from '../src/search/summary.js'

test('the accuracy is that of the sample that was found, which need not be the luckiest', () => {
  const all = (operation: string) => {
    const cell = residual.edges.map(() => operation)
    return { normal: cell, reduce: cell }
  }
  const sample = (operation: string, accuracyChild: number) => ({
    ...{ type: 'sample', round: 1, pass: 1, sample: 1, architecture: all(operation) },
    ...{ accuracyChild, z: accuracyChild, validationLossChild: 1 },
  })
  const state = { history: [sample('conv_3x3', 0.6), sample('skip_connect', 0.7)] } as SearchState
  const facts = { channels: 1, classNames: ['a', 'b'] }
  const accuracyOf = (operation: string) =>
    summarizeSearch(presets.quick, facts, all(operation), state, 1).accuracyChild
  expect(accuracyOf('conv_3x3')).toBe(0.6)
  expect(accuracyOf('skip_connect')).toBe(0.7)
  // Cells that are no sample: the mean of the samples.
  const { accuracyChild, accuraciesOf } = summarizeSearch(presets.quick, facts, all('none'), state, 1)
  expect([accuracyChild, accuraciesOf]).toEqual([expect.closeTo(0.65, 12), 'last round'])
})
