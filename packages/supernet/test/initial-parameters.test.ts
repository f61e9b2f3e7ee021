import { sizeOf } from '@cpnas/backends'
import { initialParameters, parameterShapes, supernetShapes } from '@cpnas/supernet'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { genotype, mixed } from './support.js'

const spec = { cells: 2, channels: 4, inChannels: 3, classes: 10, prelu: true }
const seed = fc.integer({ min: 0, max: 2 ** 31 - 1 })
const part = (name: string) => name.slice(name.lastIndexOf('.') + 1)

test('weights fill the interval of +-1/sqrt(fan in)', () => {
  const shapes = { 'a.pointwise': [1, 1, 64, 100], 'a.depthwise': [5, 5, 400], 'head.weights': [100, 100] }
  const bounds = { 'a.pointwise': 1 / 8, 'a.depthwise': 1 / 5, 'head.weights': 1 / 10 }
  for (const [name, values] of Object.entries(initialParameters(shapes, 1))) {
    const bound = bounds[name as keyof typeof bounds]
    const average = values.reduce((a, b) => a + b, 0) / values.length
    const variance = values.reduce((a, b) => a + (b - average) ** 2, 0) / values.length
    expect(Math.max(...values)).toBeLessThanOrEqual(bound)
    expect(Math.min(...values)).toBeGreaterThanOrEqual(-bound)
    expect(Math.abs(average)).toBeLessThan(bound * 0.03)
    expect(variance / (bound ** 2 / 3)).toBeCloseTo(1, 1)
  }
})

test('the rest are constants', () => {
  const constants: Readonly<Record<string, number>> = { gamma: 1, beta: 0, bias: 0, slope: 0.25 }
  const entries = Object.entries(initialParameters(supernetShapes(spec), 1)).filter(([name]) => part(name) in constants)
  expect(new Set(entries.map(([name]) => part(name)))).toEqual(new Set(Object.keys(constants)))
  for (const [name, values] of entries) expect(new Set(values)).toEqual(new Set([constants[part(name)]]))
})

test('every parameter gets values of its shape', () => {
  const shapes = parameterShapes(spec, mixed)
  const values = initialParameters(shapes, 7)
  expect(Object.keys(values)).toEqual(Object.keys(shapes))
  for (const [name, shape] of Object.entries(shapes)) expect(values[name]).toHaveLength(sizeOf(shape))
})

test('a parameter does not depend on which others there are', () => {
  fc.assert(
    fc.property(genotype, seed, (g, s) => {
      expect(initialParameters(supernetShapes(spec), s)).toMatchObject(initialParameters(parameterShapes(spec, g), s))
    }),
    { numRuns: 5 },
  )
})

test('other names and other seeds give other values', () => {
  const shape = [1, 1, 8, 8]
  const values = [1, 2, 3].flatMap(s => Object.values(initialParameters({ 'cells.0.a': shape, 'cells.1.a': shape }, s)))
  expect(new Set(values.map(v => v[0])).size).toBe(6)
})
