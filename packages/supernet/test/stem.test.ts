import { referenceBackend } from '@cpnas/backends'
import { count, type NetworkSpec, network, parameterShapes } from '@cpnas/supernet'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { distance, genotype, imagesOf, kind, mixed, parametersOf, uniform } from './support.js'

const backend = referenceBackend()
const spec: NetworkSpec = { cells: 3, channels: 4, inChannels: 3, classes: 5, stem: 'imagenet' }

test('the parameters of the ImageNet stem and of the cell after it', () => {
  const shapes = Object.entries(parameterShapes(spec, uniform('none', 'none')))
  expect(shapes.slice(0, 12)).toEqual([
    ['stem.0.filters', [3, 3, 3, 2]],
    ['stem.0.gamma', [2]],
    ['stem.0.beta', [2]],
    ['stem.1.filters', [3, 3, 2, 4]],
    ['stem.1.gamma', [4]],
    ['stem.1.beta', [4]],
    ['stem.2.filters', [3, 3, 4, 4]],
    ['stem.2.gamma', [4]],
    ['stem.2.beta', [4]],
    ['cells.0.inputs.0.even', [1, 1, 4, 2]],
    ['cells.0.inputs.0.odd', [1, 1, 4, 2]],
    ['cells.0.inputs.1.pointwise', [1, 1, 4, 4]],
  ])
})

test('images of any size: an eighth, then halved twice, rounded up', () => {
  const size = fc.integer({ min: 1, max: 40 })
  fc.assert(
    fc.property(genotype, kind, size, size, (g, k, height, width) => {
      backend.scope(() => {
        const small = { ...spec, channels: 2 }
        const images = imagesOf(backend, small, height, width, 2)
        const { features } = network(small, g, k)(backend, parametersOf(backend, small, g, k), images)
        expect(backend.shape(features)).toEqual([2, Math.ceil(height / 32), Math.ceil(width / 32), 32])
      })
    }),
    { numRuns: 20 },
  )
})

test('DARTS’s stem: convolution, normalization, ReLU, convolution, normalization; ReLU, convolution, normalization', async () => {
  const parameters = parametersOf(backend, spec, mixed, 'child')
  const images = imagesOf(backend, spec, 21, 18)
  const moments = new Map<string, ReturnType<typeof backend.moments>>()
  network(spec, mixed, 'child')(backend, parameters, images, { observe: (name, m) => moments.set(name, m) })
  let x = images
  for (const i of [0, 1, 2]) {
    const input = i === 0 ? x : backend.relu(x)
    const y = backend.conv2d(input, parameters[`stem.${i}.filters`]!, { stride: 2 })
    const expected = backend.moments(y)
    for (const part of ['mean', 'variance'] as const)
      expect(await distance(backend, moments.get(`stem.${i}`)![part], expected[part])).toBeLessThan(1e-9)
    x = backend.batchNorm(y, { gamma: parameters[`stem.${i}.gamma`]!, beta: parameters[`stem.${i}.beta`]! })
  }
})

test('is counted at the resolutions of its outputs', () => {
  const { layers } = count(spec, mixed, 'child', { height: 21, width: 18 })
  const macs = (name: string) => layers.find(layer => layer.name === name)?.macs
  expect(macs('stem.0.filters')).toBe(9 * 3 * 2 * 11 * 9)
  expect(macs('stem.1.filters')).toBe(9 * 2 * 4 * 6 * 5)
  expect(macs('stem.2.filters')).toBe(9 * 4 * 4 * 3 * 3)
  expect(macs('cells.0.inputs.0.even')).toBe(4 * 2 * 3 * 3)
  expect(macs('cells.1.inputs.1.pointwise')).toBe(16 * 8 * 3 * 3)
  expect(macs('cells.2.inputs.0.odd')).toBe(16 * 8 * 2 * 2)
  expect(layers.filter(({ name }) => name.startsWith('stem')).every(({ bits }) => bits === 32)).toBe(true)
})
