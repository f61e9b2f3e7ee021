import { sizeOf } from '@cpnas/backends'
import { cpNas, latentNames, parameterShapes, supernetShapes } from '@cpnas/supernet'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { genotype, mixed, spec, uniform } from './support.js'

const operations = cpNas.operations.map(({ name }) => name)

const small = { cells: 3, channels: 2, inChannels: 1, classes: 5 }

test('the parameters of an architecture are a part of the supernet', () => {
  fc.assert(
    fc.property(spec, genotype, fc.constantFrom('child', 'parent'), (s, g, kind) => {
      expect(supernetShapes(s, kind)).toMatchObject(parameterShapes(s, g, kind))
    }),
    { numRuns: 30 },
  )
})

test('the supernet is the union of the architectures', () => {
  const all = operations.map(operation => parameterShapes(small, uniform(operation, operation)))
  expect(Object.assign({}, ...all)).toEqual(supernetShapes(small))
})

test('the parameters of a small network without operations', () => {
  expect(parameterShapes(small, uniform('none', 'skip_connect'))).toEqual({
    'stem.filters': [3, 3, 1, 6],
    'stem.gamma': [6],
    'stem.beta': [6],
    'cells.0.inputs.0.pointwise': [1, 1, 6, 2],
    'cells.0.inputs.1.pointwise': [1, 1, 6, 2],
    'cells.1.inputs.0.pointwise': [1, 1, 6, 4],
    'cells.1.inputs.1.pointwise': [1, 1, 8, 4],
    ...reductions('cells.1', [1, 1, 4, 2]),
    'cells.2.inputs.0.even': [1, 1, 8, 4],
    'cells.2.inputs.0.odd': [1, 1, 8, 4],
    'cells.2.inputs.1.pointwise': [1, 1, 16, 8],
    ...reductions('cells.2', [1, 1, 8, 4]),
    'head.weights': [32, 5],
    'head.bias': [5],
  })
})

/** The skips of a reduction cell: stride 2 on the eight edges that begin at an input. */
const reductions = (cell: string, shape: readonly number[]) =>
  Object.fromEntries(
    [0, 1, 2, 3, 5, 6, 9, 10].flatMap(edge =>
      ['even', 'odd'].map(half => [`${cell}.edges.${edge}.skip_connect.${half}`, shape]),
    ),
  )

test('separable convolutions: repeated, and with PReLU in the Child', () => {
  const options = { ...small, cells: 1, sepConvRepeat: 2, prelu: true } as const
  const parts = (kind: 'child' | 'parent', operation: 'sep_conv_5x5' | 'dil_conv_5x5') =>
    Object.entries(parameterShapes(options, uniform('none', operation), kind))
      .filter(([name]) => name.startsWith(`cells.0.edges.7.${operation}.`))
      .map(([name, shape]) => [name.split('.').at(-1), shape])
  const pair = [
    ['depthwise', [5, 5, 4]],
    ['pointwise', [1, 1, 4, 4]],
  ]
  const again = [
    ['depthwise2', [5, 5, 4]],
    ['pointwise2', [1, 1, 4, 4]],
  ]
  expect(parts('child', 'sep_conv_5x5')).toEqual([...pair, ...again, ['slope', [4]]])
  expect(parts('parent', 'sep_conv_5x5')).toEqual([...pair, ...again])
  expect(parts('child', 'dil_conv_5x5')).toEqual([...pair, ['slope', [4]]])
})

test('latent are the weights of all cells; with float preprocessing, of the edges', () => {
  const inCells = Object.keys(parameterShapes(small, mixed)).filter(name => name.startsWith('cells'))
  expect(latentNames(small, mixed)).toEqual(inCells)
  expect(latentNames({ ...small, preprocessPrecision: 'float' }, mixed)).toEqual(
    inCells.filter(name => name.includes('edges')),
  )
})

test('slopes are not latent', () => {
  expect(latentNames({ ...small, prelu: true }, mixed)).toEqual(latentNames(small, mixed))
})

test('every parameter has a size', () => {
  fc.assert(
    fc.property(spec, s => {
      for (const shape of Object.values(supernetShapes(s))) expect(sizeOf(shape)).toBeGreaterThan(0)
    }),
    { numRuns: 30 },
  )
})
