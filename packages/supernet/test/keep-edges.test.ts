import { cpNas, type EdgeScores, keepEdges } from '@cpnas/supernet'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { genotype, uniform } from './support.js'

const { edges } = cpNas

const cellScores = fc.array(fc.integer({ min: 0, max: 20 }), { minLength: edges.length, maxLength: edges.length })
const scores: fc.Arbitrary<EdgeScores> = fc.record({ normal: cellScores, reduce: cellScores })

test('all edges stay by default', () => {
  fc.assert(
    fc.property(genotype, scores, (value, s) => {
      expect(keepEdges(cpNas, value, 'all', s)).toBe(value)
    }),
  )
})

test('worked by hand', () => {
  const normal: readonly string[] = [
    'skip_connect',
    'none',
    'sep_conv_3x3',
    'sep_conv_5x5',
    'dil_conv_3x3',
    'none',
    'max_pool_3x3',
    'avg_pool_3x3',
    'skip_connect',
    'sep_conv_3x3',
    'sep_conv_3x3',
    'sep_conv_3x3',
    'sep_conv_3x3',
    'sep_conv_3x3',
  ]
  const score = [1, 9, 5, 4, 6, 9, 1, 3, 2, 7, 7, 7, 1, 8]
  expect(keepEdges(cpNas, { normal, reduce: normal }, 2, { normal: score, reduce: score }).normal).toEqual([
    'skip_connect',
    'none',
    'sep_conv_3x3',
    'none',
    'dil_conv_3x3',
    'none',
    'none',
    'avg_pool_3x3',
    'skip_connect',
    'sep_conv_3x3',
    'none',
    'none',
    'none',
    'sep_conv_3x3',
  ])
})

test('each cell goes by its own scores', () => {
  const rising = edges.map((_, edge) => edge)
  const kept = keepEdges(cpNas, uniform('skip_connect', 'skip_connect'), 2, {
    normal: rising,
    reduce: rising.map(n => -n),
  })
  const inputs = (cell: readonly string[]) => edges.flatMap(({ from }, edge) => (cell[edge] === 'none' ? [] : [from]))
  expect(inputs(kept.normal)).toEqual([0, 1, 1, 2, 2, 3, 3, 4])
  expect(inputs(kept.reduce)).toEqual([0, 1, 0, 1, 0, 1, 0, 1])
})

test('every node keeps two inputs, or those it has; none that stays is weaker than one that goes', () => {
  fc.assert(
    fc.property(genotype, scores, (value, s) => {
      const kept = keepEdges(cpNas, value, 2, s)
      for (const to of [2, 3, 4, 5]) {
        const into = edges.flatMap((edge, index) => (edge.to === to && value.reduce[index] !== 'none' ? [index] : []))
        const stays = into.filter(index => kept.reduce[index] === value.reduce[index])
        const goes = into.filter(index => kept.reduce[index] === 'none')
        expect(stays).toHaveLength(Math.min(2, into.length))
        expect(goes).toHaveLength(into.length - stays.length)
        for (const a of stays) for (const b of goes) expect(s.reduce[a]).toBeGreaterThanOrEqual(s.reduce[b]!)
      }
    }),
  )
})
