import { referenceBackend, wasmBackend } from '@cpnas/backends'
import {
  type Genotype,
  type NetworkSpec,
  network,
  parameterShapes,
  parseGenotype,
  printGenotype,
  residual,
  trace,
} from '@cpnas/supernet'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { distance, imagesOf, kind, parametersOf } from './support.js'

const backend = referenceBackend()
const wasm = await wasmBackend({ threads: 1 })
afterAll(() => wasm.close())

const cell = fc.array(fc.constantFrom(...residual.operations.map(({ name }) => name)), {
  minLength: residual.edges.length,
  maxLength: residual.edges.length,
})
const genotype: fc.Arbitrary<Genotype> = fc.record({ normal: cell, reduce: cell })
const spec: fc.Arbitrary<NetworkSpec> = fc.record({
  space: fc.constant('residual'),
  cells: fc.integer({ min: 1, max: 4 }),
  channels: fc.integer({ min: 2, max: 3 }),
  inChannels: fc.constant(1),
  classes: fc.integer({ min: 2, max: 3 }),
  affine: fc.boolean(),
  stem: fc.constantFrom('cifar', 'imagenet'),
})

const small: NetworkSpec = { space: 'residual', cells: 3, channels: 2, inChannels: 1, classes: 3 }
const chain = ['none', 'conv_3x3', 'none', 'conv_3x3', 'none', 'conv_1x1', 'max_pool_3x3', 'none']
const chains = { normal: chain, reduce: chain }

test('eight edges, from the two nodes before each', () => {
  expect(residual.edges.map(({ from, to }) => `${from}${to}`)).toEqual(['02', '12', '13', '23', '24', '34', '35', '45'])
})

test('a cell computes the same pooling of the same node once', () => {
  const made: string[] = []
  const counting = {
    ...backend,
    maxPool: (...[x, ...rest]: Parameters<typeof backend.maxPool>) => {
      made.push('maxPool')
      return backend.maxPool(x, ...rest)
    },
    avgPool: (...[x, ...rest]: Parameters<typeof backend.avgPool>) => {
      made.push('avgPool')
      return backend.avgPool(x, ...rest)
    },
  }
  // Edges from the nodes 0, 1, 1, 2, 2, 3, 3, 4, in a reduction cell, which halves both of its inputs.
  const pooled = Array.from({ length: 8 }, (_, edge) => (edge === 4 ? 'avg_pool_3x3' : 'max_pool_3x3'))
  const genotype = { normal: pooled, reduce: pooled }
  const one = { ...small, cells: 1 }
  network(one, genotype, 'child')(counting, parametersOf(backend, one, genotype, 'child'), imagesOf(backend, one))
  expect(made).toEqual(['avgPool', 'avgPool', 'maxPool', 'maxPool', 'maxPool', 'avgPool', 'maxPool', 'maxPool'])
})

test('what a network of three cells is made of', () => {
  const { layers, normalizations } = trace(small, chains, 'child', { height: 8, width: 8 })
  const cellLayers = (index: number, channels: number, pixels: number) => [
    ...([1, 3] as const).map(edge => [
      `cells.${index}.edges.${edge}.conv_3x3.filters`,
      [3, 3, channels, channels],
      true,
      9 * channels ** 2 * pixels,
    ]),
    [`cells.${index}.edges.5.conv_1x1.filters`, [1, 1, channels, channels], true, channels ** 2 * pixels],
  ]
  // The first cell takes the stem as it is; the second halves both inputs, the third halves one twice.
  const projection = (index: number, input: number, from: number, to: number, pixels: number) => [
    `cells.${index}.inputs.${input}.pointwise`,
    [1, 1, from, to],
    false,
    from * to * pixels,
  ]
  expect(
    layers.filter(({ kind }) => kind !== 'vector').map(({ name, shape, binary, macs }) => [name, shape, binary, macs]),
  ).toEqual([
    ['stem.filters', [3, 3, 1, 2], false, 18 * 64],
    ...cellLayers(0, 2, 64),
    projection(1, 0, 2, 4, 16),
    projection(1, 1, 2, 4, 16),
    ...cellLayers(1, 4, 16),
    projection(2, 0, 2, 8, 4),
    projection(2, 1, 4, 8, 4),
    ...cellLayers(2, 8, 4),
    ['head.weights', [8, 3], false, 24],
  ])
  expect(layers.filter(({ name }) => name.endsWith('.slope'))).toHaveLength(12)
  expect(Object.keys(normalizations).filter(name => name.startsWith('cells.0'))).toEqual([
    'cells.0.edges.1.conv_3x3',
    'cells.0.edges.3.conv_3x3',
    'cells.0.edges.5.conv_1x1',
    'cells.0.edges.6.max_pool_3x3',
  ])
})

test('without operations the input passes all cells, but for pooling and projection', async () => {
  const nothing = { normal: chain.map(() => 'none'), reduce: chain.map(() => 'none') }
  const one: NetworkSpec = { ...small, cells: 1 }
  const seen: number[][] = []
  const parameters = parametersOf(backend, one, nothing, 'parent')
  network(one, nothing, 'parent')(backend, parameters, imagesOf(backend, one), {
    node: (_, value) => void seen.push([...backend.shape(value)]),
  })
  expect(seen).toEqual(Array(4).fill([3, 3, 3, 4]))
  const { features } = network(one, nothing, 'parent')(backend, parameters, imagesOf(backend, one))
  const values = await backend.read(features)
  expect(values.every(Number.isFinite)).toBe(true)
})

test('it computes on wasm what it does on reference, and every parameter takes a gradient of its shape', async () => {
  await fc.assert(
    fc.asyncProperty(spec, genotype, kind, async (s, g, k) => {
      const logits = network(s, g, k, { filters: 'given' })
      const expected = logits(backend, parametersOf(backend, s, g, k), imagesOf(backend, s, 9, 8)).logits
      const found = wasm.scope(() => logits(wasm, parametersOf(wasm, s, g, k), imagesOf(wasm, s, 9, 8)).logits)
      // Signs of what is 0 but for rounding may differ in the Child.
      if (k === 'parent')
        expect(await distance(backend, expected, backend.tensor(await wasm.read(found), [3, s.classes]))).toBeLessThan(
          1e-3,
        )
      const { gradients } = backend.valueAndGrad(
        given => ({
          value: backend.sum(network(s, g, k)(backend, given, imagesOf(backend, s, 9, 8)).logits),
        }),
        parametersOf(backend, s, g, k),
      )
      for (const [name, shape] of Object.entries(parameterShapes(s, g, k)))
        expect(backend.shape(gradients[name]!)).toEqual(shape)
    }),
    { numRuns: 15 },
  )
})

test('its genotype files name the space', () => {
  const text = printGenotype(chains, residual)
  expect(JSON.parse(text)).toMatchObject({ space: 'residual', nodes: 4 })
  expect(parseGenotype(text)).toEqual({ _tag: 'Right', right: { space: residual, genotype: chains } })
  expect(parseGenotype(text.replace('conv_1x1', 'sep_conv_3x3'))).toMatchObject({
    _tag: 'Left',
    left: { problem: '"normal" has the unknown operation "sep_conv_3x3" at edge 5' },
  })
})
