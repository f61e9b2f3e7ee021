import { type Backend, referenceBackend, type Shape, sizeOf } from '@cpnas/backends'
import fc from 'fast-check'
import { expect } from 'vitest'

export const backend = referenceBackend()
export type T = ReturnType<typeof backend.full>

export interface Data {
  readonly shape: Shape
  readonly values: readonly number[]
}

export const tensor = ({ values, shape }: Data): T => backend.tensor(values, shape)
export const vector = (values: readonly number[]): T => backend.tensor(values, [values.length])
export const read = async (x: T): Promise<readonly number[]> => Array.from(await backend.read(x))
export const scalar = async (x: T): Promise<number> => (await read(x))[0]!

export const distance = (a: readonly number[], b: readonly number[]): number =>
  a.length === b.length ? Math.max(0, ...a.map((value, i) => Math.abs(value - b[i]!))) : Number.POSITIVE_INFINITY

/** Multiples of 2^-10 in [-2, 2], so that sums of a few of them and of their products are exact. */
export const value = fc.integer({ min: -(2 ** 11), max: 2 ** 11 }).map(n => n / 2 ** 10)
/** Away from 0 and from +-1, where sign and the estimators have their kinks. */
export const smooth = value.filter(x => [0, 1].every(kink => Math.abs(Math.abs(x) - kink) > 2 ** -8))

export const dataOf = (shape: Shape, element: fc.Arbitrary<number> = value): fc.Arbitrary<Data> =>
  fc.array(element, { minLength: sizeOf(shape), maxLength: sizeOf(shape) }).map(values => ({ shape, values }))

const side = fc.integer({ min: 1, max: 3 })

/** Filters of a convolution, [kh, kw, cin, cout], or of a depthwise one, [kh, kw, channels]. */
export const filtersOf = (element: fc.Arbitrary<number> = value): fc.Arbitrary<Data> =>
  fc.oneof(fc.tuple(side, side, side, side), fc.tuple(side, side, side)).chain(shape => dataOf(shape, element))

/** A batch of feature maps [n, 1, 2, 2] and the class of each, of `classes`. */
export interface Batch {
  readonly features: Data
  readonly labels: readonly number[]
}
export const classes = 3
export const featureShape: Shape = [1, 2, 2]
export const batch: fc.Arbitrary<Batch> = fc.integer({ min: 1, max: 5 }).chain(n =>
  fc.record({
    features: dataOf([n, ...featureShape]),
    labels: fc.array(fc.nat(classes - 1), { minLength: n, maxLength: n }),
  }),
)

/** The samples one by one. */
export const samplesOf = ({ features, labels }: Batch): readonly Batch[] => {
  const size = sizeOf(featureShape)
  return labels.map((label, i) => ({
    features: { shape: [1, ...featureShape], values: features.values.slice(i * size, (i + 1) * size) },
    labels: [label],
  }))
}
export const batchOf = (samples: readonly Batch[]): Batch => ({
  features: { shape: [samples.length, ...featureShape], values: samples.flatMap(({ features }) => features.values) },
  labels: samples.flatMap(({ labels }) => labels),
})

export type Loss = <T>(backend: Backend<T>, x: T) => T

export const gradientOf = async (f: Loss, at: Data): Promise<readonly number[]> => {
  const { gradients } = backend.valueAndGrad(({ x }) => ({ value: f(backend, x) }), { x: tensor(at) })
  return read(gradients.x)
}

const step = 1e-5

/** Expects that the gradient of f is what central differences of `surrogate` say, in every coordinate. */
export const expectGradient = async (f: Loss, at: Data, surrogate: Loss = f): Promise<void> => {
  const gradient = await gradientOf(f, at)
  const shifted = (i: number, by: number): Promise<number> =>
    scalar(surrogate(backend, tensor({ ...at, values: at.values.with(i, at.values[i]! + by) })))
  const differences = await Promise.all(
    at.values.map(async (_, i) => ((await shifted(i, step)) - (await shifted(i, -step))) / (2 * step)),
  )
  const largest = Math.max(...differences.map(Math.abs))
  expect(distance(gradient, differences)).toBeLessThan(1e-6 * (1 + largest))
}

/** Expects that f leaves behind no tensors but the `kept` it gives. */
export const expectNoLeak = (kept: number, f: () => unknown): void => {
  const before = backend.memory().tensors
  const result = f()
  expect(backend.memory().tensors - before).toBe(kept)
  backend.dispose(result)
  expect(backend.memory().tensors).toBe(before)
}
