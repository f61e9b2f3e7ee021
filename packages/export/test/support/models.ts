import { type Backend, referenceBackend, type StoredTensor } from '@cpnas/backends'
import {
  cpNas,
  type Genotype,
  initialParameters,
  type Moments,
  type NetworkSpec,
  network,
  networkLayers,
  residual,
  type Space,
  tiny,
} from '@cpnas/supernet'
import type { Model } from '@cpnas/training'
import fc from 'fast-check'

const { edges } = cpNas
const operations = cpNas.operations.map(({ name }) => name)

/** Numbers that follow from a seed, uniform in -1..1. */
export const numbers = (seed: number, length: number): Float32Array => {
  let state = seed | 0
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    return state / 2 ** 31
  })
}

export type Head = Omit<Model, 'parameters' | 'statistics'>

/** Latent weights and vectors by name. */
export type Weights = Readonly<Record<string, Float32Array>>

/** Vectors begin as constants; here they differ, the factors of normalizations and the slopes in sign too, and some are 0. */
const vector = (name: string, values: Float32Array, seed: number): Float32Array => {
  const noise = numbers(seed + name.length, values.length)
  return values.map((value, i) => {
    if (name.endsWith('.gamma') || name.endsWith('.slope')) return noise[i]! > 0.8 ? 0 : value * 2 * noise[i]!
    return value + 0.3 * noise[i]!
  })
}

const read = async <T>(backend: Backend<T>, tensor: T): Promise<StoredTensor> => ({
  shape: backend.shape(tensor),
  values: Float32Array.from(await backend.read(tensor)),
})

/** Running averages that begin at 0 and 1, as those of a training do: so no variance is 0. */
const running = ({ shape, values }: StoredTensor, moment: 'mean' | 'variance'): StoredTensor => ({
  shape,
  values: values.map(value => 0.9 * value + (moment === 'mean' ? 0 : 0.1)),
})

const layersOf = ({ spec, genotype }: Head) => networkLayers({ ...spec, auxiliary: false }, genotype, 'child')

/** Latent weights and vectors that have learnt nothing. */
const untrained = (head: Head, seed: number): Weights => {
  const layers = layersOf(head)
  const initial = initialParameters(Object.fromEntries(layers.map(({ name, shape }) => [name, shape])), seed)
  return Object.fromEntries(
    layers.map(({ name, kind }) => [name, kind === 'vector' ? vector(name, initial[name]!, seed) : initial[name]!]),
  )
}

/** The Child of latent weights: 1-bit filters, and as its statistics those of some random images. */
export const modelOf = async (head: Head, seed = 1, weights = untrained(head, seed)): Promise<Model> => {
  const backend = referenceBackend()
  const parameters = Object.fromEntries(
    await Promise.all(
      layersOf(head).map(async ({ name, shape, binary }) => {
        const tensor = backend.tensor(weights[name]!, shape)
        const group = head.spec.scale === 'layer' ? 'layer' : 'channel'
        const filters = binary ? backend.scaledSign(tensor, { group }) : tensor
        return [name, await read(backend, filters)] as const
      }),
    ),
  )
  const observed: (readonly [string, Moments<ReturnType<typeof backend.tensor>>])[] = []
  const { height, width, channels } = head.image
  network(head.spec, head.genotype, 'child', { filters: 'given' })(
    backend,
    Object.fromEntries(
      Object.entries(parameters).map(([name, { values, shape }]) => [name, backend.tensor(values, shape)]),
    ),
    backend.tensor(numbers(seed + 1, 4 * height * width * channels), [4, height, width, channels]),
    { observe: (name, moments) => void observed.push([name, moments]) },
  )
  const statistics = await Promise.all(
    observed.flatMap(([name, moments]) =>
      (['mean', 'variance'] as const).map(
        async moment => [`${name}.${moment}`, running(await read(backend, moments[moment]), moment)] as const,
      ),
    ),
  )
  return { ...head, parameters, statistics: Object.fromEntries(statistics) }
}

/** One image of a model's size. */
export const imageOf = ({ image: { height, width, channels } }: Pick<Model, 'image'>, seed: number): Float32Array =>
  numbers(seed, height * width * channels).map(x => 2 * x)

const specs: fc.Arbitrary<NetworkSpec> = fc
  .record(
    {
      cells: fc.integer({ min: 1, max: 4 }),
      channels: fc.integer({ min: 1, max: 5 }),
      inChannels: fc.integer({ min: 1, max: 3 }),
      classes: fc.integer({ min: 1, max: 5 }),
      sepConvRepeat: fc.constantFrom(1, 2),
      prelu: fc.boolean(),
      preprocessPrecision: fc.constantFrom('binary', 'float'),
      estimator: fc.constantFrom('clipped-identity', 'polynomial'),
      scale: fc.constantFrom('channel', 'layer'),
      affine: fc.boolean(),
      stem: fc.constantFrom('cifar', 'imagenet'),
      auxiliary: fc.boolean(),
      space: fc.constantFrom('cp-nas', 'residual', 'tiny'),
    },
    { requiredKeys: ['cells', 'channels', 'inChannels', 'classes'] },
  )
  .map(spec => ({ ...spec, channels: spec.stem === 'imagenet' ? Math.max(2, spec.channels) : spec.channels }))

const cellOf = (choices: readonly string[], { length } = edges): fc.Arbitrary<readonly string[]> =>
  fc.array(fc.constantFrom(...choices), { minLength: length, maxLength: length })

const sparse = [...operations, ...Array<string>(12).fill('none')]

const cpNasCell = fc.oneof(cellOf(operations), cellOf(sparse), cellOf(['sep_conv_3x3', 'dil_conv_3x3', 'none', 'none']))

const cellIn = ({ operations, edges }: Space): fc.Arbitrary<readonly string[]> =>
  cellOf(
    operations.map(({ name }) => name),
    edges,
  )

/** Genotypes of each space. */
const genotypes: Readonly<Record<string, fc.Arbitrary<Genotype>>> = {
  'cp-nas': fc.record({ normal: cpNasCell, reduce: cpNasCell }),
  residual: fc.record({ normal: cellIn(residual), reduce: cellIn(residual) }),
  tiny: cellIn(tiny).map(cell => ({ normal: cell, reduce: cell })),
}

/** Heads of small Children of every kind, some of whose nodes have but one edge or none. */
export const heads: fc.Arbitrary<Head> = specs.chain(spec =>
  fc.record({
    spec: fc.constant(spec),
    genotype: genotypes[String(spec.space ?? 'cp-nas')]!,
    kind: fc.constant('child' as const),
    classNames: fc.constant(Array.from({ length: spec.classes }, (_, k) => `class ${k}`)),
    image: fc.record({
      height: fc.integer({ min: 1, max: 9 }),
      width: fc.integer({ min: 1, max: 9 }),
      channels: fc.constant(spec.inChannels),
    }),
    normalization: fc.constant({ mean: Array(spec.inChannels).fill(0.5), std: Array(spec.inChannels).fill(0.25) }),
  }),
)

/** One reduction cell, in which sums, thresholds, pooling and an identity occur. */
export const small: Head = {
  spec: { cells: 1, channels: 2, inChannels: 1, classes: 2 },
  genotype: {
    normal: edges.map(() => 'none'),
    reduce: edges.map((_, i) => (['sep_conv_3x3', 'none', 'max_pool_3x3', 'skip_connect'] as const)[i] ?? 'none'),
  },
  kind: 'child',
  classNames: ['dark', 'bright'],
  image: { height: 4, width: 4, channels: 1 },
  normalization: { mean: [0.5], std: [0.25] },
}

/** All eight operations in both cells, and more pixels and channels. */
export const every: Head = {
  spec: { cells: 3, channels: 8, inChannels: 3, classes: 10 },
  genotype: {
    normal: edges.map((_, i) => operations[i % 8]!),
    reduce: edges.map((_, i) => operations[(i + 3) % 8]!),
  },
  kind: 'child',
  classNames: Array.from({ length: 10 }, (_, k) => `class ${k}`),
  image: { height: 13, width: 12, channels: 3 },
  normalization: { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] },
}
