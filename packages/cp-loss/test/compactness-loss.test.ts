import { ShapeError } from '@cpnas/backends'
import { type Centers, compactnessLoss, initialCenters, updateCenters } from '@cpnas/cp-loss'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  type Batch,
  backend,
  batch,
  batchOf,
  classes,
  type Data,
  dataOf,
  distance,
  expectGradient,
  expectNoLeak,
  featureShape,
  gradientOf,
  type Loss,
  read,
  samplesOf,
  scalar,
  type T,
  tensor,
  value,
  vector,
} from './support.js'

const meansOf = dataOf([classes, ...featureShape])
const seenOnce = (means: Data): Centers<T> => ({ counts: backend.full(1, [classes]), means: tensor(means) })

/** The loss as a sum over samples and values, of which it is the mean. */
const sumOf = async ({ features, labels }: Batch, centers: Centers<T>): Promise<number> =>
  features.values.length * (await scalar(compactnessLoss(backend, tensor(features), vector(labels), centers)))

const expectSame = (found: number, expected: number): void =>
  expect(Math.abs(found - expected)).toBeLessThan(1e-12 * (1 + Math.abs(expected)))

test('worked by hand', async () => {
  const centers = { counts: vector([2, 0, 1]), means: backend.tensor([2, 2, 0, 0, 5, -1], [3, 1, 1, 2]) }
  const loss = (values: readonly number[], labels: readonly number[]): Promise<number> =>
    scalar(compactnessLoss(backend, backend.tensor(values, [labels.length, 1, 1, 2]), vector(labels), centers))
  // (1, 2) - (2, 2), (3, 3) - (2, 2), (5, 1) - (5, -1): half of 1 + 2 + 4, over six values.
  expect(await loss([1, 2, 3, 3, 5, 1], [0, 0, 2])).toBeCloseTo(3.5 / 6, 15)
  // Nothing has been seen of class 1.
  expect(await loss([1, 2, 7, 8], [0, 1])).toBe(0.5 / 4)
})

test('the gradient is the deviation from the mean over all values, as central differences say', async () => {
  await fc.assert(
    fc.asyncProperty(batch, meansOf, async ({ features, labels }, means) => {
      const f: Loss = (b, x) =>
        compactnessLoss(b, x, b.tensor(labels, [labels.length]), {
          counts: b.tensor([4, 0, 1], [classes]),
          means: b.tensor(means.values, means.shape),
        })
      await expectGradient(f, features)
      const expected = features.values.map((x, i) => {
        const label = labels[Math.floor(i / 4)]!
        return label === 1 ? 0 : (x - means.values[label * 4 + (i % 4)]!) / features.values.length
      })
      expect(distance(await gradientOf(f, features), expected)).toBeLessThan(1e-14)
    }),
    { numRuns: 50 },
  )
})

test('no gradient flows through the means, nor through means made of the same batch', async () => {
  await fc.assert(
    fc.asyncProperty(batch, meansOf, async ({ features, labels }, means) => {
      const { gradients, aux } = backend.valueAndGrad(
        ({ x, counts, means }) => {
          const updated = updateCenters(backend, { counts, means }, x, vector(labels))
          return { value: compactnessLoss(backend, x, vector(labels), updated), aux: updated }
        },
        { x: tensor(features), ...seenOnce(means) },
      )
      const after = await read(aux.means)
      const expected = features.values.map(
        (x, i) => (x - after[labels[Math.floor(i / 4)]! * 4 + (i % 4)]!) / features.values.length,
      )
      expect(distance(await read(gradients.x), expected)).toBeLessThan(1e-14)
      expect(Math.max(...(await read(gradients.means)).map(Math.abs))).toBe(0)
      const fixed = backend.valueAndGrad(
        centers => ({ value: compactnessLoss(backend, tensor(features), vector(labels), centers) }),
        seenOnce(means),
      )
      expect(Math.max(...(await read(fixed.gradients.means)).map(Math.abs))).toBe(0)
    }),
    { numRuns: 50 },
  )
})

test('is zero where every sample is the mean of its class', async () => {
  const labels = fc.array(fc.nat(classes - 1), { minLength: 1, maxLength: 5 })
  await fc.assert(
    fc.asyncProperty(meansOf, labels, async (means, labels) => {
      const values = labels.flatMap(label => means.values.slice(label * 4, label * 4 + 4))
      const features = { shape: [labels.length, ...featureShape], values }
      expect(await sumOf({ features, labels }, seenOnce(means))).toBe(0)
    }),
  )
})

test('does not depend on the order of the samples, and adds up over them', async () => {
  await fc.assert(
    fc.asyncProperty(batch, meansOf, async (one, means) => {
      const centers = seenOnce(means)
      const whole = await sumOf(one, centers)
      expectSame(await sumOf(batchOf(samplesOf(one).toReversed()), centers), whole)
      const single = await Promise.all(samplesOf(one).map(sample => sumOf(sample, centers)))
      expectSame(
        single.reduce((a, b) => a + b),
        whole,
      )
    }),
  )
})

test('is quadratic in the scale of the feature maps, and blind to where they lie', async () => {
  const factor = fc.constantFrom(-2, 0.5, 4)
  await fc.assert(
    fc.asyncProperty(batch, meansOf, factor, value, async ({ features, labels }, means, c, shift) => {
      const mapped = (f: (x: number) => number): Promise<number> =>
        sumOf(
          { features: { ...features, values: features.values.map(f) }, labels },
          seenOnce({ ...means, values: means.values.map(f) }),
        )
      const loss = await mapped(x => x)
      expectSame(await mapped(x => c * x), c * c * loss)
      expectSame(await mapped(x => x + shift), loss)
    }),
  )
})

test('at first sight of a class, with the batch in the means, it is half the sum of squares within the classes', async () => {
  await fc.assert(
    fc.asyncProperty(batch, async one => {
      const updated = updateCenters(
        backend,
        initialCenters(backend, classes, featureShape),
        tensor(one.features),
        vector(one.labels),
      )
      const samples = samplesOf(one)
      // Half the sum of squared distances to the mean of m points is the sum over pairs of squared distances / (2 m).
      const pairs = samples.flatMap(a =>
        samples
          .filter(b => b.labels[0] === a.labels[0])
          .map(b => {
            const m = samples.filter(s => s.labels[0] === a.labels[0]).length
            const squares = a.features.values.map((x, i) => (x - b.features.values[i]!) ** 2)
            return squares.reduce((sum, square) => sum + square, 0) / (4 * m)
          }),
      )
      const expected = pairs.reduce((sum, pair) => sum + pair, 0)
      expectSame(await sumOf(one, updated), expected)
    }),
  )
})

test('leaves no tensors behind', () => {
  const [centers, features] = [initialCenters(backend, classes, featureShape), backend.full(1, [2, ...featureShape])]
  const labels = vector([0, 1])
  expectNoLeak(1, () => compactnessLoss(backend, features, labels, centers))
})

test('says what does not fit', () => {
  const centers = initialCenters(backend, classes, featureShape)
  expect(() => compactnessLoss(backend, backend.full(1, [2, 4]), vector([0, 1]), centers)).toThrow(
    new ShapeError('compactnessLoss: means must be [3, 4] for features [2, 4] and 3 classes, got [3, 1, 2, 2]'),
  )
})
