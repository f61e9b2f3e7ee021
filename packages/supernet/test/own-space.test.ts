import { referenceBackend } from '@cpnas/backends'
import { count, cpNas, network, type Operation, parameterShapes, type Space, trace } from '@cpnas/supernet'
import { expect, test } from 'vitest'
import { imagesOf, parametersOf } from './support.js'

/** A dense convolution with the input added where it has the output's shape: one record is all there is to say. */
const denseConv3x3: Operation = {
  name: 'conv_3x3',
  description: 'dense 3x3 convolution with a shortcut',
  forward: (build, x, { name, stride, channels }) => [
    {
      x: build.convolution(`${name}.filters`, x, channels, { size: 3, stride }),
      normalization: build.normalization(name, channels),
    },
    ...(stride === 1 ? [{ x }] : []),
  ],
}

const chain: Space = {
  ...cpNas,
  name: 'chain',
  description: 'two nodes in a row, of which the last is the output',
  operations: [cpNas.operations[0]!, denseConv3x3],
  nodes: 2,
  edges: [
    { from: 1, to: 2 },
    { from: 2, to: 3 },
  ],
  stemChannels: channels => channels,
  outputChannels: channels => channels,
  output: (_, nodes) => nodes.at(-1)!,
}

const spec = { space: chain, cells: 1, channels: 2, inChannels: 1, classes: 3 }
const cells = ['conv_3x3', 'conv_3x3']
const genotype = { normal: cells, reduce: cells }

test('parameters, statistics, work and bits follow from the forward pass', () => {
  const { layers, normalizations } = trace(spec, genotype, 'child', { height: 6, width: 5 })
  expect(layers.map(({ name, shape, binary, macs }) => [name, shape, binary, macs])).toEqual([
    ['stem.filters', [3, 3, 1, 2], false, 18 * 30],
    ['stem.gamma', [2], false, 0],
    ['stem.beta', [2], false, 0],
    ['cells.0.inputs.0.pointwise', [1, 1, 2, 4], true, 8 * 30],
    ['cells.0.inputs.1.pointwise', [1, 1, 2, 4], true, 8 * 30],
    ['cells.0.edges.0.conv_3x3.filters', [3, 3, 4, 4], true, 144 * 9],
    ['cells.0.edges.1.conv_3x3.filters', [3, 3, 4, 4], true, 144 * 9],
    ['head.weights', [4, 3], false, 12],
    ['head.bias', [3], false, 0],
  ])
  expect(normalizations).toEqual({
    stem: [2],
    'cells.0.inputs.0': [4],
    'cells.0.inputs.1': [4],
    'cells.0.edges.0.conv_3x3': [4],
    'cells.0.edges.1.conv_3x3': [4],
  })
  expect(count(spec, genotype, 'child', { height: 6, width: 5 }).binary).toEqual({
    parameters: 8 + 8 + 144 + 144,
    macs: 2 * 8 * 30 + 2 * 144 * 9,
  })
  expect(count(spec, genotype, 'parent').binary).toEqual({ parameters: 0, macs: 0 })
})

test('it runs, forward and backward', async () => {
  const backend = referenceBackend()
  const parameters = parametersOf(backend, spec, genotype, 'child')
  expect(Object.keys(parameters)).toEqual(Object.keys(parameterShapes(spec, genotype)))
  const { gradients, value } = backend.valueAndGrad(given => {
    const { logits, features } = network(spec, genotype, 'child')(backend, given, imagesOf(backend, spec))
    expect(backend.shape(features)).toEqual([3, 3, 3, 4])
    return { value: backend.softmaxCrossEntropy(logits, backend.tensor([0, 1, 2], [3])) }
  }, parameters)
  expect((await backend.read(value))[0]).toBeGreaterThan(0)
  const largest = Math.max(...(await backend.read(gradients['cells.0.edges.0.conv_3x3.filters']!)).map(Math.abs))
  expect(largest).toBeGreaterThan(0)
})
