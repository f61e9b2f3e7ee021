import { formatError } from '@cpnas/core'
import { cpNas, parseGenotype, printGenotype, validateGenotype } from '@cpnas/supernet'
import fc from 'fast-check'
import { left, right } from 'fp-ts/lib/Either.js'
import { expect, test } from 'vitest'
import { genotype, mixed, uniform } from './support.js'

const operations = cpNas.operations.map(({ name }) => name)

const file = { space: 'cp-nas', nodes: 4, ...mixed }

test('what is printed is read back', () => {
  fc.assert(
    fc.property(genotype, value => {
      expect(parseGenotype(printGenotype(value))).toEqual(right({ space: cpNas, genotype: value }))
    }),
  )
})

test('is printed as JSON with the space and the number of nodes', () => {
  expect(JSON.parse(printGenotype(mixed))).toEqual(file)
})

test('other fields are ignored', () => {
  expect(validateGenotype({ ...file, comment: 'found on a Tuesday' })).toEqual(right({ space: cpNas, genotype: mixed }))
})

const thirteen = mixed.normal.slice(1)

test.each([
  [{ ...file, space: 'darts' }, '"space" is "darts"', 'Known are "cp-nas", "residual", "tiny"'],
  [{ ...mixed, nodes: 4 }, '"space" is missing', 'Known are "cp-nas", "residual", "tiny"'],
  [{ ...file, nodes: 5 }, '"nodes" is 5', 'A cell of "cp-nas" has 4 intermediate nodes'],
  [{ ...file, normal: thirteen }, '"normal" has 13 operations', 'A cell has 14 edges; give one operation an edge'],
  [
    { ...file, reduce: [...mixed.reduce, 'none'] },
    '"reduce" has 15 operations',
    'A cell has 14 edges; give one operation an edge',
  ],
  [{ ...file, reduce: 'none' }, '"reduce" is "none"', "Give the 14 operations of the reduce cell's edges"],
  [
    { ...file, reduce: [...mixed.reduce.slice(0, 13), 'conv_7x7'] },
    '"reduce" has the unknown operation "conv_7x7" at edge 13',
    `Known are ${operations.join(', ')}`,
  ],
  [
    { ...file, normal: [null, ...thirteen] },
    '"normal" has the unknown operation null at edge 0',
    `Known are ${operations.join(', ')}`,
  ],
])('%j is refused', (value, problem, remedy) => {
  expect(validateGenotype(value, 'g.json')).toEqual(left({ _tag: 'InvalidGenotype', where: 'g.json', problem, remedy }))
})

test('anything is either refused or a genotype', () => {
  fc.assert(
    fc.property(fc.anything(), value => {
      expect(validateGenotype(value)._tag).toBe('Left')
    }),
  )
})

test.each(['', '{', '[]', 'null', '"none"'])('the text %j is refused and the right form shown', text => {
  const result = parseGenotype(text, 'g.json')
  if (result._tag === 'Right') throw new Error('accepted')
  expect(result.left._tag).toBe('InvalidGenotype')
  expect(formatError(result.left)).toMatch(/^g\.json: is not (JSON|a JSON object)\. Give \{"space":"cp-nas"/)
})

test('every uniform genotype is valid', () => {
  for (const operation of operations)
    expect(validateGenotype({ ...file, ...uniform(operation, operation) })).toEqual(
      right({ space: cpNas, genotype: uniform(operation, operation) }),
    )
})
