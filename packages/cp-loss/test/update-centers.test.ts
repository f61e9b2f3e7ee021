import { ShapeError } from '@cpnas/backends'
import { type Centers, initialCenters, updateCenters } from '@cpnas/cp-loss'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  type Batch,
  backend,
  batch,
  batchOf,
  classes,
  distance,
  expectNoLeak,
  featureShape,
  read,
  samplesOf,
  type T,
  tensor,
  vector,
} from './support.js'

const initial = (): Centers<T> => initialCenters(backend, classes, featureShape)

const after = (batches: readonly Batch[], from: Centers<T> = initial()): Centers<T> =>
  batches.reduce(
    (centers, { features, labels }) => updateCenters(backend, centers, tensor(features), vector(labels)),
    from,
  )

const valuesOf = async ({ counts, means }: Centers<T>) => ({ counts: await read(counts), means: await read(means) })

test('begins with nothing seen', async () => {
  const { counts, means } = initialCenters(backend, 2, [1, 1, 3])
  expect(backend.shape(counts)).toEqual([2])
  expect(backend.shape(means)).toEqual([2, 1, 1, 3])
  expect(await valuesOf({ counts, means })).toEqual({ counts: [0, 0], means: [0, 0, 0, 0, 0, 0] })
})

test('worked by hand', async () => {
  const start = initialCenters(backend, 3, [1, 1, 2])
  const one = updateCenters(
    backend,
    start,
    backend.tensor([1, 2, 3, 2, 5, -1], [3, 1, 1, 2]),
    backend.tensor([0, 0, 2], [3]),
  )
  expect(await valuesOf(one)).toEqual({ counts: [2, 0, 1], means: [2, 2, 0, 0, 5, -1] })
  // Class 0 has seen (1, 2), (3, 2) and now (5, 5).
  const two = updateCenters(backend, one, backend.tensor([5, 5, 4, 6], [2, 1, 1, 2]), backend.tensor([0, 1], [2]))
  expect(await valuesOf(two)).toEqual({ counts: [3, 1, 1], means: [3, 3, 4, 6, 5, -1] })
  expect(await valuesOf(start)).toEqual({ counts: [0, 0, 0], means: [0, 0, 0, 0, 0, 0] })
})

test('is the mean of all samples seen', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(batch, { minLength: 1, maxLength: 5 }), async batches => {
      const { counts, means } = await valuesOf(after(batches))
      const samples = batches.flatMap(samplesOf)
      const seen = Array.from({ length: classes }, (_, label) => samples.filter(s => s.labels[0] === label))
      expect(counts).toEqual(seen.map(own => own.length))
      const expected = seen.flatMap(own =>
        [0, 1, 2, 3].map(i => own.reduce((sum, s) => sum + s.features.values[i]!, 0) / Math.max(own.length, 1)),
      )
      expect(distance(means, expected)).toBeLessThan(1e-13)
    }),
  )
})

const shuffled = batch.chain(one =>
  fc.record({
    batch: fc.constant(one),
    reordered: fc
      .shuffledSubarray(samplesOf(one) as Batch[], { minLength: one.labels.length })
      .map(samples => batchOf(samples)),
  }),
)

test('at first sight does not depend on the order of the samples', async () => {
  await fc.assert(
    fc.asyncProperty(shuffled, async ({ batch, reordered }) => {
      expect(await valuesOf(after([reordered]))).toEqual(await valuesOf(after([batch])))
    }),
  )
})

test('does not depend on how the samples were batched, or on their order over the batches', async () => {
  await fc.assert(
    fc.asyncProperty(batch, shuffled, async (first, { batch, reordered }) => {
      const whole = await valuesOf(after([first, batch]))
      for (const other of [[first, ...samplesOf(batch)], [reordered, first], samplesOf(reordered).concat(first)]) {
        const { counts, means } = await valuesOf(after(other))
        expect(counts).toEqual(whole.counts)
        expect(distance(means, whole.means)).toBeLessThan(1e-13)
      }
    }),
  )
})

test('goes on from the values read back as if it had not stopped', async () => {
  await fc.assert(
    fc.asyncProperty(batch, batch, async (first, second) => {
      const centers = after([first])
      const stored = await Promise.all(
        Object.entries(centers).map(async ([name, x]) => [name, backend.shape(x), await backend.read(x)] as const),
      )
      const restored = Object.fromEntries(stored.map(([name, shape, values]) => [name, backend.tensor(values, shape)]))
      const resumed = after([second], { counts: restored.counts!, means: restored.means! })
      expect(await valuesOf(resumed)).toEqual(await valuesOf(after([second], centers)))
    }),
    { numRuns: 50 },
  )
})

test('takes no gradient', async () => {
  const { gradients } = backend.valueAndGrad(
    ({ features, counts, means }) => {
      const next = updateCenters(backend, { counts, means }, features, vector([0, 1]))
      return { value: backend.add(backend.sum(next.means), backend.sum(next.counts)) }
    },
    { features: backend.full(1, [2, ...featureShape]), ...initial() },
  )
  for (const gradient of Object.values(gradients)) expect((await read(gradient)).every(x => x === 0)).toBe(true)
})

test('leaves no tensors behind but the new centers', () => {
  const [centers, features, labels] = [initial(), backend.full(1, [2, ...featureShape]), vector([0, 1])]
  expectNoLeak(2, () => updateCenters(backend, centers, features, labels))
})

test('says what does not fit', () => {
  const features = backend.full(1, [2, ...featureShape])
  const update = (centers: Centers<T>, labels: T) => () => updateCenters(backend, centers, features, labels)
  expect(update(initial(), vector([0]))).toThrow(
    new ShapeError('updateCenters: labels must be [2] for features [2, 1, 2, 2] and 3 classes, got [1]'),
  )
  expect(update(initialCenters(backend, 3, [2, 2, 1]), vector([0, 0]))).toThrow(
    new ShapeError(
      'updateCenters: means must be [3, 1, 2, 2] for features [2, 1, 2, 2] and 3 classes, got [3, 2, 2, 1]',
    ),
  )
  expect(update({ ...initial(), counts: backend.full(0, [3, 1]) }, vector([0, 0]))).toThrow(
    new ShapeError('updateCenters: counts must be [3] for features [2, 1, 2, 2] and 3 classes, got [3, 1]'),
  )
})
