import type { SampleEntry } from '@cpnas/search'
import { keyOf, type Table } from '@cpnas/table'
import { expect, test } from 'vitest'
import { tableFacts, tableFigures } from '../../../../test/support/table-facts.js'
import { rankingOf } from '../../src/table/ranking.js'

const cells = [
  ['none', 'none', 'none', 'none', 'none'],
  ['none', 'none', 'none', 'none', 'skip_connect'],
  ['none', 'none', 'none', 'none', 'conv_3x3'],
]

/** Three architectures of test accuracies 0.3, 0.4 and 0.6; the first two have as many multiply-accumulates. */
const table: Table = {
  ...tableFacts(1),
  entries: new Map(
    cells.map((cell, i) => {
      const training = { seed: 0, validation: [0.1], test: [0.3, 0.4, 0.6][i]!, loss: 1, lossValidation: 1 }
      return [keyOf(cell), { cell, child: [training], parent: [training], ...tableFigures(i === 2 ? 9 : 1) }]
    }),
  ),
}

const sampleOf = (cell: readonly string[], accuracyChild: number, accuracyParent?: number): SampleEntry => ({
  ...{ type: 'sample', round: 1, pass: 1, sample: 1, z: accuracyChild, validationLossChild: 1 },
  architecture: { normal: cell, reduce: cell },
  accuracyChild,
  ...(accuracyParent === undefined ? {} : { accuracyParent }),
})

test('counts the pairs in the right order, by Child, its loss, Parent and z, and those of equal cost', () => {
  // The Child has one of three pairs wrong, that of equal cost; the Parent has it right and both others wrong.
  const accurate = [sampleOf(cells[0]!, 0.25, 0.6), sampleOf(cells[1]!, 0.2, 0.7), sampleOf(cells[2]!, 0.5, 0.5)]
  // The loss has the last of them before the second.
  const samples = accurate.map((sample, i) => ({ ...sample, validationLossChild: [2.2, 1.5, 1.9][i]! }))
  const ranking = rankingOf(table, samples)!
  expect(ranking.architectures).toBe(3)
  expect(ranking.child).toEqual({ all: 1 / 3, within: -1 })
  expect(ranking.childLoss).toEqual({ all: 1 / 3, within: 1 })
  expect(ranking.parent).toEqual({ all: -1 / 3, within: 1 })
  expect(ranking.macs.within).toBe(0)
  const [none, , half] = ranking.z
  expect(none).toEqual({ betaP: 0, agreement: ranking.child })
  // z = 0.425, 0.45, 0.5: all right.
  expect(half).toEqual({ betaP: 0.5, agreement: { all: 1, within: 1 } })
})

test('takes the mean of an architecture that was sampled twice, and leaves out what the table does not have', () => {
  const foreign = ['conv_3x3', 'none', 'none', 'none', 'none']
  const samples = [
    ...[sampleOf(cells[0]!, 0.9), sampleOf(cells[0]!, 0.1), sampleOf(cells[1]!, 0.55)],
    ...[sampleOf(cells[2]!, 0.6), sampleOf(foreign, 0)],
  ]
  expect(rankingOf(table, samples)).toMatchObject({ architectures: 3, child: { all: 1 }, parent: undefined, z: [] })
  expect(rankingOf(table, samples.slice(0, 2))).toBeUndefined()
})
