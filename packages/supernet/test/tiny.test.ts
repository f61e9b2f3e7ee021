import { referenceBackend } from '@cpnas/backends'
import {
  canonicalCell,
  count,
  network,
  normalizationShapes,
  parameterShapes,
  tiny,
  validateGenotype,
} from '@cpnas/supernet'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { imagesOf, parametersOf } from './support.js'

const spec = { space: 'tiny', cells: 3, channels: 2, inChannels: 1, classes: 3 } as const
const names = tiny.operations.map(({ name }) => name)
const genotypeOf = (cell: readonly string[]) => ({ normal: cell, reduce: cell })

/** The operations of edges 3 and 4, which begin at the second input and at the first node, in each other's place. */
const swapped = (name: string): string => name.replace(/edges\.([34])/, (_, edge) => `edges.${edge === '3' ? 4 : 3}`)

describe('the space tiny', () => {
  it.each(['child', 'parent'] as const)('computes the same for a %s and its canonical cell', async kind => {
    const backend = referenceBackend()
    const x = imagesOf(backend, spec)
    await fc.assert(
      fc.asyncProperty(fc.tuple(...[1, 2, 3].map(() => fc.constantFrom(...names))), async operations => {
        const cell = ['none', 'none', ...operations]
        const canonical = canonicalCell(cell)
        const parameters = parametersOf(backend, spec, genotypeOf(cell), kind)
        const moved =
          canonical === cell
            ? parameters
            : Object.fromEntries(Object.entries(parameters).map(([name, p]) => [swapped(name), p]))
        const logits = async (c: readonly string[], p: typeof parameters) =>
          Array.from(await backend.read(network(spec, genotypeOf(c), kind)(backend, p, x).logits))
        const [a, b] = [await logits(cell, parameters), await logits(canonical, moved)]
        for (const [i, value] of a.entries()) expect(b[i]).toBeCloseTo(value, 9)
      }),
      { numRuns: 30 },
    )
  })

  it('halves the images in the stem and in both reduction cells', () => {
    const { layers } = count(spec, genotypeOf(['conv_3x3', 'none', 'none', 'none', 'none']), 'child', {
      height: 16,
      width: 16,
    })
    expect(layers.filter(({ name }) => name.includes('conv_3x3')).map(({ macs }) => macs)).toEqual([
      9 * 2 * 2 * 8 * 8,
      9 * 4 * 4 * 4 * 4,
      9 * 8 * 8 * 2 * 2,
    ])
  })

  it('has a normalization for every operation that needs one, and none for an empty node', () => {
    const named = Object.keys(
      normalizationShapes(spec, genotypeOf(['none', 'none', 'none', 'avg_pool_3x3', 'none']), 'child'),
    )
    expect(named.filter(name => name.includes('edges'))).toEqual(
      [0, 1, 2].map(cell => `cells.${cell}.edges.3.avg_pool_3x3`),
    )
    const slopes = Object.keys(parameterShapes(spec, genotypeOf(Array(5).fill('none')), 'child'))
    expect(slopes.filter(name => name.includes('slope'))).toEqual([])
  })

  it('has one architecture for all cells', () => {
    const normal = ['conv_3x3', 'none', 'none', 'none', 'none']
    const file = { space: 'tiny', nodes: 2, normal, reduce: normal }
    expect(validateGenotype(file)).toMatchObject({ _tag: 'Right' })
    expect(validateGenotype({ ...file, reduce: Array(5).fill('none') })).toMatchObject({
      _tag: 'Left',
      left: { problem: '"reduce" differs from "normal"' },
    })
  })
})
