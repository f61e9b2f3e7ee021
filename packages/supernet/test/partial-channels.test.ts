import { referenceBackend } from '@cpnas/backends'
import { cpNas, fullSpace, type Genotype, network, networkLayers, parameterShapes, residual } from '@cpnas/supernet'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { imagesOf, parametersOf } from './support.js'

const backend = referenceBackend()

const everywhere = (operation: string, { edges }: typeof cpNas): Genotype => {
  const cell = edges.map(() => operation)
  return { normal: cell, reduce: cell }
}

/** Channel i of part g comes to stand at i * parts + g. */
const shuffled = (pixels: readonly number[], channels: number, parts: number): readonly number[] =>
  pixels.map((_, at) => {
    const channel = at % channels
    const [i, g] = [Math.floor(channel / parts), channel % parts]
    return pixels[at - channel + g * (channels / parts) + i]!
  })

test('an edge that keeps its values shuffles the channels, and counts by its weight', async () => {
  const spec = { space: 'residual', cells: 1, channels: 8, inChannels: 3, classes: 2, partialChannels: 4 }
  const genotype = everywhere('skip_connect', residual)
  const nodes: Promise<ArrayLike<number>>[] = []
  const weights = [0.5, 2, 3, -1, 0.25, 1, 4, 0.1]
  const parameters = parametersOf(backend, spec, genotype, 'parent')
  network(spec, genotype, 'parent')(backend, parameters, imagesOf(backend, spec), {
    edgeWeight: ({ edge }) => backend.full(weights[edge]!),
    node: (_, value) => void nodes.push(backend.read(value)),
  })
  const [first, second, third] = (await Promise.all(nodes)).map(values => Array.from(values))
  // Node 2 has edges 4 and 5, from nodes 0 and 1, and node 1 itself.
  // The only cell is a reduction cell, which doubles the channels.
  const [a, b] = [first!, second!].map(node => shuffled(node, 16, 4)) as [readonly number[], readonly number[]]
  const slopes = await backend.read(parameters['cells.0.nodes.2.slope']!)
  for (const [i, value] of third!.entries()) {
    const sum = weights[4]! * a[i]! + weights[5]! * b[i]! + second![i]!
    expect(value).toBeCloseTo(sum > 0 ? sum : slopes[i % 16]! * sum, 9)
  }
})

test('a part of the channels goes through the operations, in every space, at any size of images', () => {
  fc.assert(
    fc.property(fc.constantFrom(cpNas, residual), fc.constantFrom(2, 4), (space, partialChannels) => {
      const spec = { space: space.name, cells: 3, channels: 8, inChannels: 1, classes: 2, partialChannels }
      const whole = { ...spec, channels: 8 / partialChannels, partialChannels: 1 }
      const edges = (shapes: Readonly<Record<string, unknown>>) =>
        Object.entries(shapes).filter(([name]) => name.includes('.edges.'))
      const all = fullSpace(space)
      expect(edges(parameterShapes(spec, all))).toEqual(edges(parameterShapes(whole, all)))
    }),
    { numRuns: 4 },
  )
})

test('an edge that halves odd images pools what passes by, also where no operation has terms', async () => {
  const spec = { space: 'cp-nas', cells: 3, channels: 4, inChannels: 1, classes: 3, partialChannels: 4 }
  for (const operation of ['none', 'max_pool_3x3', 'skip_connect']) {
    const genotype = everywhere(operation, cpNas)
    const parameters = parametersOf(backend, spec, genotype, 'child')
    const images = backend.full(0.5, [2, 7, 5, 1])
    const { logits } = network(spec, genotype, 'child')(backend, parameters, images)
    expect(backend.shape(logits)).toEqual([2, 3])
    for (const value of await backend.read(logits)) expect(Number.isFinite(value)).toBe(true)
  }
  expect(networkLayers(spec, everywhere('none', cpNas), 'child').some(({ name }) => name.includes('edges'))).toBe(false)
})
