import { rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { batchCount, batches, DatasetReadError, type ImageFolder } from '@cpnas/data'
import { imageOf } from '@cpnas/packed'
import sharp from 'sharp'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { useDirectory } from '../support.js'
import { bytesOnly, closeAll, collect, openFolder, seen, waves, writeExample, writeFiles } from './images.js'

const directory = useDirectory()
beforeEach(() => writeExample(directory()))
afterEach(closeAll)

const augmentation = { flip: true, colorJitter: 0.4, cutout: 8 }
const order = [4, 2, 0, 3, 1, 2, 4]
const options = { batchSize: 3, augmentation, seed: 5, epoch: 2 }
const values = async (folder: ImageFolder, more = {}, indices: readonly number[] = order) =>
  (await collect(batches(folder, indices, { ...options, ...more }))).flatMap(batch => [...batch.images])

describe('batches of an image folder', () => {
  it('have the images of the indices in their order, and the last one what is left', async () => {
    const { train } = await openFolder(directory())
    const all = await collect(batches(train, order, { batchSize: 3, normalization: bytesOnly }))
    expect(all.map(({ count, shape }) => [count, ...shape])).toEqual([3, 3, 1].map(n => [n, n, 32, 32, 3]))
    expect(all.flatMap(({ labels }) => [...labels])).toEqual([1, 0, 0, 1, 0, 0, 1])
    for (const [i, index] of order.entries()) {
      const { images } = all[Math.floor(i / 3)]!
      expect(images.subarray((i % 3) * 3072, (i % 3) * 3072 + 3072)).toEqual(await seen(train, index))
    }
    expect(await collect(batches(train, order, { batchSize: 3, lastBatch: 'drop' }))).toHaveLength(2)
    expect(await collect(batches(train, [], { batchSize: 3 }))).toEqual([])
  })

  it('are the same whatever the workers, the prefetch, the batch size, and where one begins', async () => {
    const { train } = await openFolder(directory())
    const expected = await values(train)
    expect(await values(train)).toEqual(expected)
    expect(await values(train, { batchSize: 7 })).toEqual(expected)
    expect(await values(train, { skip: 1 })).toEqual(expected.slice(3 * 3072))
    for (const more of [{ workers: 3 }, { workers: 2, prefetch: 1 }, { prefetch: 9 }])
      expect(await values((await openFolder(directory(), more)).train)).toEqual(expected)
  })

  it('show images that are not augmented as a packed network sees them, to the last bit: reduced, cut, enlarged', async () => {
    await writeFiles(directory(), {
      'val/cat/large.jpg': waves(9, 311, 203).jpeg(),
      'val/cat/small.png': waves(8, 19, 23).png(),
    })
    const { test } = await openFolder(directory(), { cacheDirectory: join(directory(), 'cache') })
    const image = { height: 32, width: 32, channels: 3 }
    const normalization = { mean: [0, 0, 0], std: [1, 1, 1] }
    const model = { metadata: { classes: [], normalization }, program: { image, steps: [] } }
    for (const [index, path] of test.paths.entries()) {
      const { data, info } = await sharp(path).ensureAlpha().raw().toBuffer({ resolveWithObject: true })
      const expected = imageOf(model, { data, width: info.width, height: info.height })
      for (let time = 0; time < 2; time++)
        expect([basename(path), ...(await seen(test, index))]).toEqual([basename(path), ...expected])
    }
  })

  it('are others for another seed, epoch and position', async () => {
    const { train } = await openFolder(directory())
    const expected = await values(train)
    expect(await values(train, { seed: 6 })).not.toEqual(expected)
    expect(await values(train, { epoch: 3 })).not.toEqual(expected)
    const twice = await values(train, {}, [0, 0])
    expect(twice.slice(0, 3072)).not.toEqual(twice.slice(3072))
  })

  it('are prepared ahead while this thread is busy, but no further than the prefetch', async () => {
    const { train } = await openFolder(directory(), { prefetch: 2 })
    const asked: number[] = []
    const load: ImageFolder['load'] = request => {
      asked.push(request.position)
      return train.load(request)
    }
    const counted: ImageFolder = { ...train, load }
    const iterator = batches(counted, order, { batchSize: 1 })[Symbol.asyncIterator]()
    await iterator.next()
    expect(asked).toEqual([0, 1, 2])
    await iterator.next()
    expect(asked).toEqual([0, 1, 2, 3])
  })

  it('can be left early, and asked for side by side', async () => {
    const { train, test } = await openFolder(directory())
    const expected = await values(train)
    for await (const batch of batches(train, order, { batchSize: 1 })) {
      expect(batch.count).toBe(1)
      break
    }
    const [first, second] = await Promise.all([values(train), values(test, {}, [0, 1])])
    expect(first).toEqual(expected)
    expect(second).toEqual(await values(test, {}, [0, 1]))
  })

  it('do not come from a closed folder', async () => {
    const { train, test } = await openFolder(directory())
    train.close()
    train.close()
    expect(await values(test, {}, [0, 1])).toHaveLength(2 * 3072)
    test.close()
    await expect(values(test, {}, [0])).rejects.toThrow(/closed/)
  })

  it('throw at an index that is not there', async () => {
    const { train } = await openFolder(directory())
    await expect(values(train, {}, [5])).rejects.toThrow(RangeError)
    expect(() => batches(train, [0], { batchSize: 0 })).toThrow(/batch size/)
  })
})

describe('images that cannot be decoded', () => {
  const damage = async () => {
    const jpeg = await waves(1, 60, 60).jpeg({ quality: 95 }).toBuffer()
    await writeFiles(directory(), {
      'train/cat/a-cut.jpg': jpeg.subarray(0, jpeg.length >> 1),
      'train/cat/b-empty.png': '',
      'train/dog/c-text.jpg': 'This is no image.',
    })
  }
  const damaged = ['a-cut.jpg', 'b-empty.png', 'c-text.jpg']

  it('are left out of their batches, listed once, and told of', async () => {
    const { train: whole } = await openFolder(directory())
    const good = whole.paths.map(path => path)
    const expected = await Promise.all(good.map((_, i) => seen(whole, i)))
    await damage()
    const told: string[] = []
    const { train } = await openFolder(directory(), {
      maxCorrupt: 0.5,
      workers: 2,
      onCorrupt: ({ path }) => told.push(basename(path)),
    })
    const all = [...train.labels.keys()]
    for (let epoch = 0; epoch < 2; epoch++) {
      const found = await collect(batches(train, all, { batchSize: 3, normalization: bytesOnly }))
      expect(found.map(({ count }) => count)).toEqual([3, 1, 1])
      const images = found.flatMap(batch =>
        Array.from({ length: batch.count }, (_, i) => batch.images.slice(i * 3072, (i + 1) * 3072)),
      )
      const paths = train.paths.filter(path => !damaged.includes(basename(path)))
      expect(images).toEqual(paths.map(path => expected[good.indexOf(path)]))
      expect(found.flatMap(({ labels }) => [...labels])).toEqual([0, 0, 0, 1, 1])
    }
    expect(told.sort()).toEqual(damaged)
    expect(train.corrupt.map(({ path }) => basename(path)).sort()).toEqual(damaged)
    for (const { path, reason } of train.corrupt) {
      expect(path.startsWith(train.directory)).toBe(true)
      expect(reason).toMatch(/^\S.*[^.\s]$/)
      expect(reason).not.toContain(directory())
    }
  })

  it('do not change how the others are augmented', async () => {
    const { train: whole } = await openFolder(directory())
    const expected = await values(whole, {}, [0, 2])
    rmSync(whole.paths[1]!)
    const { train } = await openFolder(directory())
    await writeFiles(directory(), { 'train/cat/2.png': 'gone' })
    expect(train.count).toBe(4)
    const { train: damagedOne } = await openFolder(directory(), { maxCorrupt: 1 })
    expect((await values(damagedOne, {}, [0, 1, 2])).length).toBe(2 * 3072)
    expect((await values(damagedOne, { batchSize: 1 }, [0, 1])).length).toBe(3072)
    expect((await values(damagedOne, {}, [0, 2])).slice()).toEqual(expected)
  })

  it('fail the iteration above the share that is allowed, with a list', async () => {
    await damage()
    const { train } = await openFolder(directory())
    const all = [...train.labels.keys()]
    const thrown = await collect(batches(train, all, { batchSize: 8 })).catch(error => error)
    expect(thrown).toBeInstanceOf(DatasetReadError)
    expect(thrown.error).toMatchObject({ _tag: 'InvalidData', where: join(directory(), 'train') })
    expect(thrown.error.problem).toMatch(/^3 of 8 images cannot be decoded, more than 1 %: /)
    for (const name of damaged) expect(thrown.error.problem).toContain(name)
    // Exactly the share is not above it.
    const { train: allowed } = await openFolder(directory(), { maxCorrupt: 3 / 8 })
    expect(await collect(batches(allowed, all, { batchSize: 8 }))).toHaveLength(1)
  })

  it('fail the iteration where they are all there is', async () => {
    await writeFiles(directory(), { 'train/cat/1.jpg': 'none', 'train/cat/2.png': 'none' })
    const { train } = await openFolder(directory(), { maxCorrupt: 1 })
    const thrown = await collect(batches(train, [0, 1], { batchSize: 1 })).catch(error => error)
    expect(thrown).toBeInstanceOf(DatasetReadError)
    expect(thrown.error.problem).toMatch(/^2 of 2 images cannot be decoded: /)
  })

  it('that vanish under a running program are among them', async () => {
    const { train } = await openFolder(directory(), { maxCorrupt: 1 })
    rmSync(train.paths[0]!)
    const found = await collect(batches(train, [0, 1], { batchSize: 2 }))
    expect(found.map(({ count }) => count)).toEqual([1])
    // A batch of which nothing is left is not given.
    expect(await collect(batches(train, [0, 1], { batchSize: 1 }))).toHaveLength(batchCount(2, 1) - 1)
  })
})
