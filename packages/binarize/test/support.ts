import { referenceBackend, type Shape, sizeOf } from '@cpnas/backends'
import fc from 'fast-check'

export const backend = referenceBackend()
export type T = ReturnType<typeof backend.full>

export interface Data {
  readonly shape: Shape
  readonly values: readonly number[]
}

export const tensor = ({ values, shape }: Data): T => backend.tensor(values, shape)
export const read = async (x: T): Promise<readonly number[]> => Array.from(await backend.read(x))

const side = fc.integer({ min: 1, max: 3 })

/** Multiples of 2^-20, beyond the estimators' range too; zeros and ones are likely. */
const value = fc.oneof(
  { weight: 9, arbitrary: fc.integer({ min: -(2 ** 21), max: 2 ** 21 }).map(n => n / 2 ** 20) },
  { weight: 1, arbitrary: fc.constantFrom(0, 1, -1) },
)

export const dataOf = (shape: Shape): fc.Arbitrary<Data> =>
  fc.array(value, { minLength: sizeOf(shape), maxLength: sizeOf(shape) }).map(values => ({ shape, values }))

/** Filters of a convolution, [kh, kw, cin, cout], or of a depthwise one, [kh, kw, channels]. */
export const filters: fc.Arbitrary<Data> = fc
  .oneof(fc.tuple(side, side, side, side), fc.tuple(side, side, side))
  .chain(dataOf)

/** Filters and a gradient of their shape. */
export const filtersAndGradient: fc.Arbitrary<readonly [Data, Data]> = filters.chain(data =>
  fc.tuple(fc.constant(data), dataOf(data.shape)),
)

/** The gradient of sum(f(x) * dy). */
export const gradientOf = async (f: (x: T) => T, x: Data, dy: Data): Promise<readonly number[]> => {
  const { gradients } = backend.valueAndGrad(({ x }) => ({ value: backend.sum(backend.mul(f(x), tensor(dy))) }), {
    x: tensor(x),
  })
  return read(gradients.x)
}

export const distance = (a: readonly number[], b: readonly number[]): number =>
  a.length === b.length ? Math.max(0, ...a.map((value, i) => Math.abs(value - b[i]!))) : Number.POSITIVE_INFINITY
