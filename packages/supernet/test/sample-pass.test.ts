import { cellKinds, cpNas, fullSpace, type Mixture, parameterShapes, samplePass } from '@cpnas/supernet'
import fc from 'fast-check'
import { expect, test } from 'vitest'

const { edges } = cpNas
const operations = cpNas.operations.map(({ name }) => name)

const seed = fc.integer({ min: 0, max: 2 ** 31 - 1 })

/** The same number of operations, others on every edge. */
const remaining: fc.Arbitrary<Mixture> = fc.integer({ min: 1, max: operations.length }).chain(count => {
  const edge = fc.subarray([...operations], { minLength: count, maxLength: count })
  const cell = fc.array(edge, { minLength: edges.length, maxLength: edges.length })
  return fc.record({ normal: cell, reduce: cell })
})

test('every remaining operation of every edge comes exactly once in a pass', () => {
  fc.assert(
    fc.property(remaining, seed, (space, s) => {
      const pass = samplePass(space, s)
      for (const kind of cellKinds)
        edges.forEach((_, edge) => {
          expect(pass.map(architecture => architecture[kind][edge]).sort()).toEqual([...space[kind][edge]!].sort())
        })
    }),
  )
})

test('the same seed gives the same pass', () => {
  fc.assert(
    fc.property(remaining, seed, (space, s) => {
      expect(samplePass(space, s)).toEqual(samplePass(space, s))
    }),
  )
})

test('every operation is as likely as any other to come first', () => {
  const first = Array.from({ length: 400 }, (_, s) => samplePass(fullSpace(cpNas), s)[0]!)
  const drawn = first.flatMap(({ normal, reduce }) => [...normal, ...reduce])
  for (const operation of operations) {
    const share = drawn.filter(name => name === operation).length / drawn.length
    expect(Math.abs(share - 1 / 8)).toBeLessThan(0.02)
  }
})

test('edges are drawn independently', () => {
  const first = Array.from({ length: 400 }, (_, s) => samplePass(fullSpace(cpNas), s)[0]!)
  const agree = first.filter(({ normal }) => normal[0] === normal[1]).length / first.length
  expect(Math.abs(agree - 1 / 8)).toBeLessThan(0.06)
})

test('the architectures of a pass share no weights of operations', () => {
  const spec = { cells: 3, channels: 4, inChannels: 1, classes: 10 }
  const names = samplePass(fullSpace(cpNas), 1).flatMap(architecture =>
    Object.keys(parameterShapes(spec, architecture)).filter(name => name.includes('edges')),
  )
  expect(new Set(names).size).toBe(names.length)
})

test('edges with different numbers of operations are refused', () => {
  const uneven: Mixture = { ...fullSpace(cpNas), reduce: [operations.slice(1), ...fullSpace(cpNas).reduce.slice(1)] }
  expect(() => samplePass(uneven, 1)).toThrow(RangeError)
})
