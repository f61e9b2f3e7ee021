import { type Backend, sizeOf } from '@cpnas/backends'
import {
  type Architecture,
  cpNas,
  type Genotype,
  initialParameters,
  type NetworkKind,
  type NetworkSpec,
  parameterShapes,
} from '@cpnas/supernet'
import fc from 'fast-check'

const { edges } = cpNas
const operations = cpNas.operations.map(({ name }) => name)

const operation: fc.Arbitrary<string> = fc.constantFrom(...operations)

const cell = fc.array(operation, { minLength: edges.length, maxLength: edges.length })

export const genotype: fc.Arbitrary<Genotype> = fc.record({ normal: cell, reduce: cell })

const specOf = (cells: number, channels: number): fc.Arbitrary<NetworkSpec> =>
  fc
    .record({
      cells: fc.integer({ min: 1, max: cells }),
      channels: fc.integer({ min: 1, max: channels }),
      inChannels: fc.integer({ min: 1, max: 3 }),
      classes: fc.integer({ min: 2, max: 10 }),
      sepConvRepeat: fc.constantFrom(1 as const, 2 as const),
      prelu: fc.boolean(),
      preprocessPrecision: fc.constantFrom('binary' as const, 'float' as const),
      affine: fc.boolean(),
      stem: fc.constantFrom('cifar' as const, 'imagenet' as const),
      auxiliary: fc.boolean(),
    })
    .map(s => ({ ...s, channels: s.stem === 'imagenet' ? Math.max(2, s.channels) : s.channels }))

export const spec = specOf(8, 16)

/** Small enough to be run. */
export const tinySpec = specOf(3, 2)

export const kind = fc.constantFrom('child' as const, 'parent' as const)

/** Parameters of the network with values of the seed; vectors too, which begin as constants otherwise. */
export const parametersOf = <T>(
  backend: Backend<T>,
  spec: NetworkSpec,
  architecture: Architecture,
  kind: NetworkKind,
  seed = 1,
): Readonly<Record<string, T>> => {
  const shapes = parameterShapes(spec, architecture, kind)
  return Object.fromEntries(
    Object.entries(initialParameters(shapes, seed)).map(([name, values]) => [
      name,
      backend.tensor(
        values.map((value, i) => value + 0.3 * Math.sin(seed + i + name.length)),
        shapes[name]!,
      ),
    ]),
  )
}

export const imagesOf = <T>(backend: Backend<T>, { inChannels }: NetworkSpec, height = 6, width = 5, batch = 3): T => {
  const shape = [batch, height, width, inChannels]
  return backend.tensor(
    Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(i * i)),
    shape,
  )
}

/** The largest distance between values of two tensors, relative to 1 or to the value. */
export const distance = async <T>(backend: Backend<T>, a: T, b: T): Promise<number> => {
  const [x, y] = [await backend.read(a), await backend.read(b)]
  if (x.length !== y.length) return Number.POSITIVE_INFINITY
  return Array.from(x).reduce((worst, v, i) => Math.max(worst, Math.abs(v - y[i]!) / (1 + Math.abs(v))), 0)
}

/** The same operation on every edge of a cell. */
export const uniform = (normal: string, reduce: string): Genotype => ({
  normal: edges.map(() => normal),
  reduce: edges.map(() => reduce),
})

/** An architecture with every operation in both cells. */
export const mixed: Genotype = {
  normal: [
    'sep_conv_3x3',
    'skip_connect',
    'dil_conv_3x3',
    'sep_conv_5x5',
    'max_pool_3x3',
    'avg_pool_3x3',
    'none',
    'dil_conv_5x5',
    'skip_connect',
    'sep_conv_3x3',
    'max_pool_3x3',
    'sep_conv_5x5',
    'dil_conv_3x3',
    'avg_pool_3x3',
  ],
  reduce: [
    'max_pool_3x3',
    'sep_conv_3x3',
    'dil_conv_5x5',
    'skip_connect',
    'sep_conv_5x5',
    'avg_pool_3x3',
    'dil_conv_3x3',
    'none',
    'sep_conv_3x3',
    'skip_connect',
    'sep_conv_5x5',
    'dil_conv_3x3',
    'max_pool_3x3',
    'sep_conv_3x3',
  ],
}
