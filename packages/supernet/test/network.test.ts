import { referenceBackend, ShapeError } from '@cpnas/backends'
import { type Genotype, initialParameters, type NetworkSpec, network, supernetShapes } from '@cpnas/supernet'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { genotype, mixed, uniform } from './support.js'

const backend = referenceBackend()
const spec: NetworkSpec = { cells: 2, channels: 2, inChannels: 1, classes: 3 }
const kind = fc.constantFrom('child' as const, 'parent' as const)

const parametersOf = (s: NetworkSpec) => {
  const shapes = supernetShapes(s)
  return Object.fromEntries(
    Object.entries(initialParameters(shapes, 1)).map(([name, values]) => [name, backend.tensor(values, shapes[name]!)]),
  )
}

const imagesOf = (height: number, width: number) =>
  backend.tensor(
    Array.from({ length: 2 * height * width }, (_, i) => Math.sin(i * i)),
    [2, height, width, 1],
  )

const parameters = parametersOf(spec)

test('images of any size: logits, and features halved twice, rounded up', () => {
  const size = fc.integer({ min: 1, max: 9 })
  fc.assert(
    fc.property(genotype, kind, size, size, (g: Genotype, k, height, width) => {
      backend.scope(() => {
        const { logits, features } = network(spec, g, k)(backend, parameters, imagesOf(height, width))
        expect(backend.shape(logits)).toEqual([2, 3])
        expect(backend.shape(features)).toEqual([2, Math.ceil(height / 4), Math.ceil(width / 4), 32])
      })
    }),
    { numRuns: 30 },
  )
})

test('logits are the classifier on the mean of the features', async () => {
  const { logits, features } = network(spec, mixed, 'child')(backend, parameters, imagesOf(6, 6))
  const means = Array.from(await backend.read(backend.mean(features, [1, 2])))
  const weights = await backend.read(parameters['head.weights']!)
  const expected = means.slice(0, 32).reduce((sum, mean, i) => sum + mean * weights[3 * i + 1]!, 0)
  expect((await backend.read(logits))[1]).toBeCloseTo(expected, 12)
})

test('without operations the logits are the bias', async () => {
  const none = network(spec, uniform('none', 'none'), 'child')
  const { logits } = none(backend, { ...parameters, 'head.bias': backend.tensor([1, 2, 3], [3]) }, imagesOf(5, 5))
  expect(Array.from(await backend.read(logits))).toEqual([1, 2, 3, 1, 2, 3])
})

test('keeps no tensor but its results', () => {
  fc.assert(
    fc.property(genotype, kind, (g, k) => {
      const before = backend.memory().tensors
      const results = backend.scope(() => network(spec, g, k)(backend, parameters, imagesOf(4, 4)))
      expect(backend.memory().tensors).toBe(before + 2)
      backend.dispose(results)
    }),
    { numRuns: 10 },
  )
})

test('a missing parameter is named', () => {
  const { 'cells.1.inputs.0.even': _, ...rest } = parameters
  expect(() => network(spec, mixed, 'child')(backend, rest, imagesOf(4, 4))).toThrow(
    new ShapeError('network: the parameter cells.1.inputs.0.even is missing'),
  )
})

test('PReLU is in the Child only', async () => {
  const withSlopes: NetworkSpec = { ...spec, prelu: true }
  const all = parametersOf(withSlopes)
  const slopes = Object.keys(all).filter(name => name.endsWith('slope'))
  const logits = async (s: NetworkSpec, k: 'child' | 'parent', slope: number) => {
    const some = Object.fromEntries(slopes.map(name => [name, backend.full(slope, backend.shape(all[name]!))]))
    const output = network(s, mixed, k)(backend, { ...all, ...some }, imagesOf(7, 7))
    return Array.from(await backend.read(output.logits))
  }
  const plain = await logits(spec, 'parent', 0)
  expect(await logits(withSlopes, 'parent', 0)).toEqual(plain)
  expect(await logits(withSlopes, 'child', 0.5)).not.toEqual(await logits(spec, 'child', 0.5))
})
