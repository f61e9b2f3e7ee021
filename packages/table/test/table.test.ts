import { tiny } from '@cpnas/supernet'
import { allCells, cellOf, digitsOf, isComplete, keyOf, lookUp, parseTable, printTable } from '@cpnas/table'
import fc from 'fast-check'
import { isLeft, right } from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { tableOf } from './support.js'

const cells = fc.array(fc.constantFrom(...tiny.operations.map(({ name }) => name)), { minLength: 5, maxLength: 5 })

describe('cells', () => {
  it('are 1,000: of 1,024 the 24 whose last two operations can change places are left out', () => {
    expect(allCells()).toHaveLength(1000)
    expect(new Set(allCells().map(digitsOf)).size).toBe(1000)
  })

  it('are known by digits, those that compute the same by the same ones', () => {
    fc.assert(
      fc.property(cells, cell => {
        expect(cellOf(digitsOf(cell))).toEqual(cell)
        expect(allCells().map(digitsOf)).toContain(keyOf(cell))
      }),
    )
    expect(keyOf(['none', 'none', 'conv_3x3', 'conv_3x3', 'skip_connect'])).toBe('00313')
    expect(keyOf(['none', 'none', 'conv_3x3', 'skip_connect', 'conv_3x3'])).toBe('00313')
    expect(keyOf(['none', 'conv_3x3', 'conv_3x3', 'conv_3x3', 'skip_connect'])).toBe('03331')
  })
})

describe('cells of some operations', () => {
  // Of 3^5 those whose first node is an input and whose last two operations can change places: 3 times 3.
  const operations = ['none', 'skip_connect', 'conv_3x3']
  it('are those cells that have no others', () => {
    const cells = allCells(operations)
    expect(cells).toHaveLength(3 ** 5 - 3 * 3)
    expect(cells).toEqual(allCells().filter(cell => !cell.includes('avg_pool_3x3')))
  })

  it('may all be in a table that lacks others', () => {
    const table = tableOf(1000)
    const without = (digits: string) => ({
      ...table,
      entries: new Map([...table.entries].filter(([key]) => key !== digits)),
    })
    expect(isComplete(without('00002'), operations)).toBe(true)
    expect(isComplete(without('00003'), operations)).toBe(false)
  })
})

describe('a table', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 60 }), count => {
        const table = tableOf(count)
        expect(parseTable(printTable(table))).toEqual(right(table))
      }),
      { numRuns: 20 },
    )
  })

  it('looks an architecture up, and one that computes the same', () => {
    const table = tableOf(1000)
    expect(isComplete(table)).toBe(true)
    expect(isComplete(tableOf(999))).toBe(false)
    const entry = lookUp(table, ['none', 'none', 'none', 'conv_3x3', 'none'])
    expect(entry?.cell).toEqual(['none', 'none', 'none', 'none', 'conv_3x3'])
    expect(lookUp(tableOf(1), ['conv_3x3', 'none', 'none', 'none', 'none'])).toBeUndefined()
  })

  it('that is cut anywhere is refused', () => {
    const text = printTable(tableOf(3))
    fc.assert(
      fc.property(fc.nat(text.length - 3), length => {
        expect(isLeft(parseTable(text.slice(0, length)))).toBe(true)
      }),
    )
  })

  it.each([
    [{ format: 'other' }, 'is no table of cpnas'],
    [{ version: 1 }, 'has format version 1, this program reads 2'],
    [{ space: 'residual' }, 'is of the space "residual"'],
    [{ digest: 5 }, 'does not say its digest'],
    [{ images: { training: 1, validation: 1 } }, 'does not say how many images its networks saw'],
    [{ training: {} }, 'does not say how its networks were trained'],
    [{ architectures: {} }, 'has no architectures'],
    [{ architectures: [['00000', [], [], 0, 0, 0, 0, 0]] }, 'has a damaged entry, number 1'],
    [{ images: { training: 400, validation: 1, test: 50 } }, 'has a damaged entry, number 1'],
  ])('with %j is refused', (change, problem) => {
    const file = { ...JSON.parse(printTable(tableOf(10))), ...change }
    expect(parseTable(JSON.stringify(file), 'a.json')).toMatchObject({
      _tag: 'Left',
      left: { _tag: 'InvalidData', where: 'a.json', problem },
    })
  })
})
