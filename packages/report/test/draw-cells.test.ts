import { drawCells } from '@cpnas/report'
import { cpNas, type Genotype } from '@cpnas/supernet'
import fc from 'fast-check'
import { expect, test } from 'vitest'

const { edges } = cpNas
const operations = cpNas.operations.map(({ name }) => name)

const cell = fc.array(fc.constantFrom(...operations), { minLength: edges.length, maxLength: edges.length })
const genotypes: fc.Arbitrary<Genotype> = fc.record({ normal: cell, reduce: cell })

const occurrences = (text: string, part: string): number => text.split(part).length - 1

test('every edge is there with its operation, none dotted', () =>
  fc.assert(
    fc.asyncProperty(genotypes, async genotype => {
      const svg = await drawCells(genotype)
      const all = [...genotype.normal, ...genotype.reduce]
      for (const operation of operations.filter(name => name !== 'none'))
        expect(occurrences(svg, `>${operation}<`)).toBe(all.filter(name => name === operation).length)
      const dotted = all.filter(name => name === 'none').length
      expect(occurrences(svg, 'class="edge"')).toBe(2 * (all.length - dotted) + dotted + 2 * 4)
      expect(occurrences(svg, '<path fill="none" stroke="#b6bfcb"')).toBe(dotted)
    }),
    { numRuns: 15 },
  ))

test('both cells have a title, two inputs, four nodes and an output', async () => {
  const svg = await drawCells({ normal: Array(14).fill('sep_conv_3x3'), reduce: Array(14).fill('none') })
  expect(svg).toMatch(/^<\?xml/)
  expect(svg.indexOf('>Normal cell<')).toBeGreaterThan(0)
  expect(svg.indexOf('>Reduction cell<')).toBeGreaterThan(0)
  for (const label of ['>k&#45;2<', '>k&#45;1<', '>k<', '>0<', '>1<', '>2<', '>3<'])
    expect(occurrences(svg, label)).toBe(2)
  expect(occurrences(svg, 'dotted: none')).toBe(1)
})

test('the same genotype gives the same picture', async () => {
  const genotype: Genotype = { normal: Array(14).fill('dil_conv_5x5'), reduce: Array(14).fill('skip_connect') }
  expect(await drawCells(genotype)).toBe(await drawCells(genotype))
})
