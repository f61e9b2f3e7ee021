import { pack } from '@cpnas/export'
import { untrainedModel } from '@cpnas/model'
import { presets, type SampleEntry } from '@cpnas/search'
import { tiny } from '@cpnas/supernet'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { frontOf } from '../../src/cost/front.js'
import { costsBy } from '../../src/cost/measure.js'
import { partsOf } from '../../src/cost/parts.js'
import { fitTimes, timeIn } from '../../src/cost/table.js'

const genotypeOf = (cell: readonly string[]) => ({ normal: cell, reduce: cell })

describe('a table of times', () => {
  it('gives the times of networks that are sums of their parts', () => {
    const names = ['a 1', 'a 2', 'b 1', 'b 2', 'b 3']
    const step = fc.array(fc.constantFrom(...names), { minLength: 1, maxLength: 3 })
    const network = fc.array(step, { minLength: 2, maxLength: 8 })
    const times = fc.tuple(...names.map(() => fc.double({ min: 0.01, max: 1, noNaN: true })))
    fc.assert(
      fc.property(fc.array(network, { minLength: 10, maxLength: 20 }), times, network, (networks, each, other) => {
        const of = (parts: readonly string[]): number =>
          parts.reduce((sum, part) => sum + each[names.indexOf(part)]!, 0)
        // Every part is timed by itself, too.
        const all = [...networks, names.map(name => [name]), [...names, ...names].map(name => [name])]
        const table = fitTimes(
          all.map(steps => ({
            steps: steps.map(parts => ({ parts, milliseconds: of(parts) })),
            whole: 0.5 + 1.1 * steps.reduce((sum, parts) => sum + of(parts), 0),
          })),
        )
        expect(timeIn(table, other)).toBeCloseTo(0.5 + 1.1 * other.reduce((sum, parts) => sum + of(parts), 0), 2)
      }),
      { numRuns: 50 },
    )
  })

  it('takes a part that it does not know for as slow as the slowest of its kind', () => {
    const table = { parts: { 'sum 1': 1, 'sum 2': 3, 'sign 1': 9 }, base: 0.5, factor: 2 }
    expect(timeIn(table, [['sum 1', 'sum 9'], ['sign 1']])).toBe(0.5 + 2 * (1 + 3 + 9))
    expect(timeIn(table, [['other 1']])).toBe(0.5)
  })
})

const facts = { channels: 3, classNames: ['a', 'b'], height: 16 }
const config = { ...presets.quick, space: 'tiny', channels: 4, operations: 'all' as const }

it('the parts of a network name what each of its steps does', () => {
  const spec = { space: tiny.name, cells: 3, channels: 4, inChannels: 3, classes: 2 }
  const packed = pack(
    untrainedModel(spec, genotypeOf(['conv_3x3', 'none', 'none', 'none', 'skip_connect']), 'child', 16),
  )
  if (packed._tag === 'Left') throw new Error(packed.left)
  const parts = partsOf(packed.right.program)
  expect(parts).toHaveLength(packed.right.program.steps.length)
  expect(parts[0]).toEqual(['sum 8x8x4', 'convolution 3/2/1 16x16x3 to 4'])
  expect(parts.flat()).toContain('binary-convolution 3/1/1 8x8x4 to 4')
  expect(parts.at(-1)![0]).toMatch(/^classifier \d+x\d+x16$/)
})

it('a network costs the bytes of its file, and the sum of its parts', () => {
  const costOf = costsBy({ parts: { 'sum 8x8x4': 1 }, base: 0.25, factor: 1 }, config, facts)
  const [light, heavy] = [
    ['none', 'none', 'none', 'none', 'none'],
    ['conv_3x3', 'conv_3x3', 'conv_3x3', 'conv_3x3', 'conv_3x3'],
  ].map(cell => costOf(genotypeOf(cell)))
  expect(heavy!.kilobytes).toBeGreaterThan(light!.kilobytes)
  expect(heavy!.milliseconds).toBeGreaterThan(light!.milliseconds)
  expect(light!.milliseconds).toBeGreaterThan(1)
})

it('the front of a search is what nothing beats in both goals, the fastest first, worked by hand', () => {
  const sample = (name: string, accuracyChild: number): SampleEntry => ({
    ...{ type: 'sample', round: 1, pass: 1, sample: 1, z: 0, validationLossChild: 1 },
    architecture: genotypeOf([name]),
    accuracyChild,
  })
  const times: Readonly<Record<string, number>> = { a: 3, b: 1, c: 2, d: 1 }
  const front = frontOf(
    [sample('a', 0.6), sample('b', 0.3), sample('c', 0.2), sample('d', 0.3)],
    ({ normal: [name] }) => ({ milliseconds: times[name!]!, kilobytes: 1 }),
  )
  expect(front.map(({ architecture, accuracyChild }) => [architecture.normal[0], accuracyChild])).toEqual([
    ['b', 0.3],
    ['a', 0.6],
  ])
})
