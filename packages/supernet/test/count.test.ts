import { sizeOf } from '@cpnas/backends'
import { count, parameterShapes } from '@cpnas/supernet'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { genotype, mixed, spec, uniform } from './support.js'

const published = { cells: 6, channels: 16, inChannels: 3, classes: 10 }

test('6 cells of 16 channels on 32x32 images', () => {
  const child = count(published, mixed, 'child')
  expect(child.total.parameters).toBe(174_842)
  // The stem, its normalization, and the classifier stay float.
  expect(child.float).toEqual({
    parameters: 3 * 3 * 3 * 48 + 2 * 48 + 256 * 10 + 10,
    macs: 3 * 3 * 3 * 48 * 32 * 32 + 256 * 10,
  })
  expect(child.binary.parameters).toBe(174_842 - child.float.parameters)
  const parent = count(published, mixed, 'parent')
  expect(parent.total).toEqual(child.total)
  expect(parent.float).toEqual(parent.total)
  expect(parent.binary).toEqual({ parameters: 0, macs: 0 })
})

test('a small network worked by hand', () => {
  // Two reduction cells of 4 and 8 channels after a stem of 6 on 5x7 images: 3x4 pixels, then 2x2.
  const { layers, binary } = count(
    { cells: 2, channels: 2, inChannels: 1, classes: 3 },
    uniform('none', 'dil_conv_3x3'),
    'child',
    {
      height: 5,
      width: 7,
    },
  )
  const macs = (name: string) => layers.find(layer => layer.name === name)?.macs
  expect(macs('stem.filters')).toBe(9 * 6 * 35)
  expect(macs('cells.0.inputs.1.pointwise')).toBe(6 * 4 * 35)
  expect(macs('cells.0.edges.0.dil_conv_3x3.depthwise')).toBe(9 * 4 * 12)
  expect(macs('cells.0.edges.4.dil_conv_3x3.pointwise')).toBe(4 * 4 * 12)
  expect(macs('cells.1.inputs.0.even')).toBe(6 * 4 * 12)
  expect(macs('cells.1.inputs.1.pointwise')).toBe(16 * 8 * 12)
  expect(macs('cells.1.edges.13.dil_conv_3x3.depthwise')).toBe(9 * 8 * 4)
  expect(macs('head.weights')).toBe(32 * 3)
  expect(macs('head.bias')).toBe(0)
  const edge = (channels: number, pixels: number) => (9 * channels + channels * channels) * pixels
  const inputs = 2 * 6 * 4 * 35 + 6 * 8 * 12 + 16 * 8 * 12
  expect(binary.macs).toBe(inputs + 14 * edge(4, 12) + 14 * edge(8, 4))
})

test('the auxiliary head counts if asked for, at what its windows leave', () => {
  const with32 = count({ ...published, auxiliary: true }, mixed, 'child')
  const plain = count(published, mixed, 'child')
  // 8x8 maps of 256 channels, pooled to 2x2, then one pixel.
  const classifier = 768 * 10
  expect(with32.float).toEqual({
    parameters: plain.float.parameters + 256 * 128 + 2 * 128 + 4 * 128 * 768 + 2 * 768 + classifier + 10,
    macs: plain.float.macs + 256 * 128 * 4 + 4 * 128 * 768 + classifier,
  })
  expect(with32.binary).toEqual(plain.binary)
  const macs = (height: number, width: number) => {
    const { layers } = count({ ...published, auxiliary: true }, mixed, 'parent', { height, width })
    return [0, 1].map(i => layers.find(({ name }) => name === `auxiliary.${i}.filters`)!.macs)
  }
  // 11x1 pixels, pooled to 3x1; the convolution to 2x1.
  expect(macs(44, 1)).toEqual([256 * 128 * 3, 4 * 128 * 768 * 2])
  expect(macs(1, 1)).toEqual([256 * 128, 4 * 128 * 768])
})

test('gamma and beta of the cells are 32 bits wide', () => {
  const edges = uniform('sep_conv_3x3', 'max_pool_3x3')
  const size = { cells: 3, channels: 2, inChannels: 1, classes: 3 }
  const added = (kind: 'child' | 'parent') => {
    const [affine, plain] = [count({ ...size, affine: true }, edges, kind), count(size, edges, kind)]
    expect(affine.binary).toEqual(plain.binary)
    expect(affine.float.macs).toBe(plain.float.macs)
    return affine.float.parameters - plain.float.parameters
  }
  // Six inputs of 2, 4 and 8 channels; 14 separable convolutions of 2 channels, normalized twice in the Child; no pooling.
  const inputs = 2 * 2 * (2 + 4 + 8)
  expect(added('parent')).toBe(inputs + 2 * 14 * 2)
  expect(added('child')).toBe(inputs + 2 * 14 * 2 * 2)
})

test('float preprocessing moves its layers to 32 bits', () => {
  const binary = count(published, mixed, 'child')
  const float = count({ ...published, preprocessPrecision: 'float' }, mixed, 'child')
  expect(float.total).toEqual(binary.total)
  expect(float.layers.filter(({ bits }) => bits === 1).map(({ name }) => name)).toEqual(
    binary.layers.filter(({ bits, name }) => bits === 1 && name.includes('edges')).map(({ name }) => name),
  )
})

test('counts every parameter once', () => {
  fc.assert(
    fc.property(spec, genotype, fc.constantFrom('child', 'parent'), (s, g, kind) => {
      const { binary, float, total } = count(s, g, kind)
      const parameters = Object.values(parameterShapes(s, g, kind)).reduce((sum, shape) => sum + sizeOf(shape), 0)
      expect(total.parameters).toBe(parameters)
      expect(binary.parameters + float.parameters).toBe(parameters)
      expect(binary.macs + float.macs).toBe(total.macs)
    }),
    { numRuns: 30 },
  )
})
