import { type Shape, type StoredTensor, sizeOf } from '@cpnas/backends'
import { cpNas, type NetworkSpec, networkLayers, normalizationShapes } from '@cpnas/supernet'
import type { Model } from '@cpnas/training'
import fc from 'fast-check'

const { edges } = cpNas
const operations = cpNas.operations.map(({ name }) => name)

/** Numbers that follow from a name, so that a model follows from its head: uniform in -1..1, few of them special. */
const numbers = (name: string, length: number): Float32Array => {
  let state = 2166136261
  for (const letter of name) state = Math.imul(state ^ letter.charCodeAt(0), 16777619)
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    return state / 2 ** 31
  })
}

const tensor = (name: string, shape: Shape): StoredTensor => ({ shape, values: numbers(name, sizeOf(shape)) })

/** alpha * +-1, alpha a channel's or the layer's. */
const oneBit = (name: string, shape: Shape, scales: number): StoredTensor => {
  const alpha = numbers(`${name} alpha`, scales).map(Math.abs)
  return {
    shape,
    values: numbers(name, sizeOf(shape)).map((x, i) => (x < 0 ? -alpha[i % scales]! : alpha[i % scales]!)),
  }
}

/** The model of a head, with numbers of no meaning. */
export const modelOf = (head: Omit<Model, 'parameters' | 'statistics'>): Model => {
  const { spec, genotype, kind } = head
  const inference: NetworkSpec = { ...spec, auxiliary: false }
  return {
    ...head,
    parameters: Object.fromEntries(
      networkLayers(inference, genotype, kind).map(({ name, shape, binary }) => [
        name,
        kind === 'child' && binary
          ? oneBit(name, shape, spec.scale === 'layer' ? 1 : shape.at(-1)!)
          : tensor(name, shape),
      ]),
    ),
    statistics: Object.fromEntries(
      Object.entries(normalizationShapes(inference, genotype, kind)).flatMap(([name, shape]) => [
        [`${name}.mean`, tensor(`${name}.mean`, shape)],
        [`${name}.variance`, { shape, values: numbers(`${name}.variance`, sizeOf(shape)).map(x => Math.abs(x) + 0.1) }],
      ]),
    ),
  }
}

const cell = fc.array(fc.constantFrom(...operations), { minLength: edges.length, maxLength: edges.length })

const specs: fc.Arbitrary<NetworkSpec> = fc.record(
  {
    cells: fc.integer({ min: 1, max: 5 }),
    channels: fc.integer({ min: 1, max: 5 }),
    inChannels: fc.integer({ min: 1, max: 4 }),
    classes: fc.integer({ min: 1, max: 12 }),
    sepConvRepeat: fc.constantFrom(1, 2),
    prelu: fc.boolean(),
    preprocessPrecision: fc.constantFrom('binary', 'float'),
    estimator: fc.constantFrom('clipped-identity', 'polynomial'),
    scale: fc.constantFrom('channel', 'layer'),
    affine: fc.boolean(),
    stem: fc.constantFrom('cifar', 'imagenet'),
    auxiliary: fc.boolean(),
  },
  { requiredKeys: ['cells', 'channels', 'inChannels', 'classes'] },
)

/** Heads of small models of every kind. */
export const heads: fc.Arbitrary<Omit<Model, 'parameters' | 'statistics'>> = specs.chain(spec => {
  const list = <A>(of: fc.Arbitrary<A>, length: number) => fc.array(of, { minLength: length, maxLength: length })
  return fc.record({
    spec: fc.constant(spec),
    genotype: fc.record({ normal: cell, reduce: cell }),
    kind: fc.constantFrom('child', 'parent'),
    classNames: list(fc.string({ unit: 'grapheme' }), spec.classes),
    image: fc.record({
      height: fc.integer({ min: 1, max: 300 }),
      width: fc.integer({ min: 1, max: 300 }),
      channels: fc.constant(spec.inChannels),
    }),
    normalization: fc.record({
      mean: list(fc.double({ min: 0, max: 1, noNaN: true }), spec.inChannels),
      std: list(fc.double({ min: 0, max: 1, noNaN: true }), spec.inChannels),
    }),
  })
})

/** All eight operations in both cells. */
export const everything = {
  normal: edges.map((_, i) => operations[i % 8]!),
  reduce: edges.map((_, i) => operations[(i + 3) % 8]!),
}

export const cellOf = (operation: string): readonly string[] => edges.map(() => operation)

/** A model of three cells for gray images of 8x8 pixels. */
export const small = (kind: Model['kind'] = 'child', spec: Partial<NetworkSpec> = {}): Model =>
  modelOf({
    spec: { cells: 3, channels: 2, inChannels: 1, classes: 3, ...spec },
    genotype: everything,
    kind,
    classNames: ['ant', 'bee', 'cat'],
    image: { height: 8, width: 8, channels: 1 },
    normalization: { mean: [0.25], std: [0.5] },
  })
