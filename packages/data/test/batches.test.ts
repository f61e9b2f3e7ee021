import { batchCount, batches, channelStatistics, shuffle, transformAt } from '@cpnas/data'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dataset, readImages } from './support.js'

const images = dataset(Array.from({ length: 60 }, (_, i) => i % 10))
const pixels = 4 * 5 * 3
const indices = fc.uniqueArray(fc.nat(59))
const batchSize = fc.integer({ min: 1, max: 70 })
const raw = { mean: [0, 0, 0], std: [1, 1, 1] }
const values = (all: Iterable<{ readonly images: Float32Array }>) => [...all].flatMap(batch => [...batch.images])

describe('batches', () => {
  it('cover every index exactly once, in order', () => {
    fc.assert(
      fc.property(indices, batchSize, (indices, batchSize) => {
        const all = [...batches(images, indices, { batchSize, normalization: raw })]
        expect(values(all).map(v => Math.round(v * 255))).toEqual(readImages(images, indices))
        expect(all.flatMap(batch => [...batch.labels])).toEqual(indices.map(i => i % 10))
        expect(all.slice(0, -1).every(batch => batch.count === batchSize)).toBe(true)
        for (const { count, shape, images, labels } of all) {
          expect(shape).toEqual([count, 4, 5, 3])
          expect([images.length, labels.length]).toEqual([count * pixels, count])
        }
        expect(all).toHaveLength(batchCount(indices.length, batchSize))
      }),
    )
  })

  it('drop the last, smaller one if asked', () => {
    fc.assert(
      fc.property(indices, batchSize, (indices, batchSize) => {
        const all = [...batches(images, indices, { batchSize, lastBatch: 'drop' })]
        expect(all.map(batch => batch.count)).toEqual(new Array(Math.floor(indices.length / batchSize)).fill(batchSize))
        expect(all).toHaveLength(batchCount(indices.length, batchSize, 'drop'))
      }),
    )
  })

  it("normalize by the data set's statistics if no others are given", () => {
    const [first] = batches(images, [3], { batchSize: 1 })
    expect(first!.images).toEqual(Float32Array.from(readImages(images, [3]), b => (b / 255 - 0.5) / 0.25))
  })

  it('have mean 0 and standard deviation 1 when normalized by their own statistics', () => {
    const normalization = channelStatistics(images)
    const all = values(batches(images, [...images.labels.keys()], { batchSize: 7, normalization }))
    for (let c = 0; c < 3; c++) {
      const channel = all.filter((_, i) => i % 3 === c)
      const mean = channel.reduce((a, b) => a + b) / channel.length
      expect(mean).toBeCloseTo(0, 5)
      expect(channel.reduce((a, b) => a + b * b, 0) / channel.length).toBeCloseTo(1, 5)
    }
  })

  it('of constant images are finite', () => {
    const [only] = batches(images, [0], { batchSize: 1, normalization: { mean: [0.5, 0.5, 0.5], std: [0, 0, 0] } })
    expect(only!.images.every(Number.isFinite)).toBe(true)
  })

  const augmentation = { crop: 2, flip: true, cutout: 2 }

  it('are the same when iterated again, and for the same seed and epoch only', () => {
    const of = (seed: number, epoch: number) =>
      batches(images, shuffle([...images.labels.keys()], 1), { batchSize: 16, augmentation, seed, epoch })
    const once = of(1, 2)
    const first = values(once)
    expect(values(once)).toEqual(first)
    expect(values(of(1, 2))).toEqual(first)
    expect(values(of(1, 3))).not.toEqual(first)
    expect(values(of(2, 2))).not.toEqual(first)
  })

  it('augment by seed, epoch and position, whatever the batch size', () => {
    fc.assert(
      fc.property(batchSize, fc.integer(), fc.nat(), (batchSize, seed, epoch) => {
        const order = shuffle(Uint32Array.from(images.labels.keys()), seed, epoch)
        const options = { augmentation, seed, epoch }
        const whole = values(batches(images, order, { ...options, batchSize: 60 }))
        expect(values(batches(images, order, { ...options, batchSize }))).toEqual(whole)
        const { cutout } = transformAt(augmentation, images, seed, epoch, 59)
        expect(whole[59 * pixels + (cutout.top * 5 + cutout.left) * 3]).toBe(0)
      }),
      { numRuns: 30 },
    )
  })

  it('do not share memory', () => {
    const [a, b] = batches(images, [0, 0], { batchSize: 1 })
    a!.images.fill(9)
    expect(b!.images).not.toContain(9)
  })

  it.each([0, -1, 1.5, Number.NaN])('throw at the batch size %d', batchSize => {
    expect(() => batches(images, [0], { batchSize })).toThrow(/batch size/)
    expect(() => batchCount(10, batchSize)).toThrow(RangeError)
  })

  it('throw at statistics of another number of channels', () => {
    expect(() => batches(images, [0], { batchSize: 1, normalization: { mean: [0], std: [1] } })).toThrow(/3 channels/)
  })
})
