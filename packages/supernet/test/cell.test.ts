import { cpNas } from '@cpnas/supernet'
import { expect, test } from 'vitest'

const { edges } = cpNas

test('a cell has 14 edges, by end, then by beginning', () => {
  expect(edges.map(({ from, to }) => `${from},${to}`)).toEqual([
    '0,2',
    '1,2',
    '0,3',
    '1,3',
    '2,3',
    '0,4',
    '1,4',
    '2,4',
    '3,4',
    '0,5',
    '1,5',
    '2,5',
    '3,5',
    '4,5',
  ])
})
