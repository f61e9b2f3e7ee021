import { readdirSync, readFileSync, rmSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { batches, type ImageFolder, openDataset } from '@cpnas/data'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fail, useDirectory } from '../support.js'
import { closeAll, collect, openFolder, plain, seen, waves, writeExample, writeFiles } from './images.js'

const directory = useDirectory()
beforeEach(() => writeExample(directory()))
afterEach(closeAll)

const cache = () => join(directory(), 'cache')
const open = async (more = {}) => (await openFolder(directory(), { cacheDirectory: cache(), ...more })).train
const epoch = async (folder: ImageFolder, number = 0) => {
  const augmentation = { flip: true, colorJitter: 0.4 }
  const all = [...folder.labels.keys()]
  return (await collect(batches(folder, all, { batchSize: 2, augmentation, epoch: number }))).map(b => [...b.images])
}
const files = (extension: string) => readdirSync(cache()).filter(name => name.endsWith(extension))
const recordsIn = (extension = '.index') =>
  files(extension).reduce((sum, name) => sum + statSync(join(cache(), name)).size, 0)
const edit = (extension: string, change: (bytes: Buffer) => void) => {
  for (const name of files(extension)) {
    const bytes = readFileSync(join(cache(), name))
    change(bytes)
    writeFileSync(join(cache(), name), bytes)
  }
}
const cut = (extension: string, length: number) => {
  for (const name of files(extension)) truncateSync(join(cache(), name), length)
}

describe('a cache', () => {
  it('gives what there is without it, when it is filled, full, opened again and shared by more workers', async () => {
    const without = (await openFolder(directory())).train
    const [expected, next] = [await epoch(without), await epoch(without, 1)]
    const filling = await open()
    expect(await epoch(filling)).toEqual(expected)
    const bytes = recordsIn()
    expect(bytes).toBe(5 * 64)
    expect(await epoch(filling, 1)).toEqual(next)
    expect(await epoch(await open())).toEqual(expected)
    expect(await epoch(await open({ workers: 2 }), 1)).toEqual(next)
    expect(recordsIn()).toBe(bytes)
    expect(await seen(await open(), 0)).toEqual(await seen(without, 0))
  })

  it('is read instead of the images', async () => {
    const folder = await open()
    const [path] = folder.paths as [string]
    const time = new Date(1e12)
    utimesSync(path, time, time)
    await seen(folder, 0)
    const before = await seen((await openFolder(directory())).train, 0)
    writeFileSync(path, Buffer.alloc(statSync(path).size))
    utimesSync(path, time, time)
    expect(await seen(await open(), 0)).toEqual(before)
  })

  it('does not give an image that has changed', async () => {
    const folder = await open()
    await epoch(folder)
    await writeFiles(directory(), { 'train/cat/1.jpg': waves(9, 50, 60).jpeg() })
    const changed = await seen((await openFolder(directory())).train, 0)
    expect(await seen(folder, 0)).toEqual(changed)
    expect(recordsIn()).toBe(6 * 64)
    expect(await seen(await open(), 0)).toEqual(changed)
    expect(recordsIn()).toBe(6 * 64)
    // The same size, another time.
    await writeFiles(directory(), { 'train/cat/2.png': plain(33, 70, [1, 2, 3]).png({ compressionLevel: 0 }) })
    await seen(folder, 1)
    await writeFiles(directory(), { 'train/cat/2.png': plain(33, 70, [3, 2, 1]).png({ compressionLevel: 0 }) })
    utimesSync(folder.paths[1]!, new Date(), new Date(Date.now() + 10_000))
    expect((await seen(folder, 1))[0]).toBe(3)
  })

  it('is not used for images of another size', async () => {
    await epoch(await open())
    const without = (await openFolder(directory(), { imageSize: 20 })).train
    expect(await epoch(await open({ imageSize: 20 }))).toEqual(await epoch(without))
    expect(recordsIn()).toBe(10 * 64)
  })

  it.each([
    ['pixels are damaged', () => edit('.pixels', bytes => bytes.fill(255, 0, 4000))],
    ['pixels are cut short', () => cut('.pixels', 100)],
    ['index is damaged', () => edit('.index', bytes => bytes.fill(255, 56, 70))],
    ['index ends within a record', () => cut('.index', 100)],
    ['index is empty', () => cut('.index', 0)],
  ])('is right when its %s', async (_, damage) => {
    const expected = await epoch(await open())
    damage()
    expect(await epoch(await open())).toEqual(expected)
    expect(await epoch(await open(), 1)).toEqual(await epoch((await openFolder(directory())).train, 1))
  })

  it('does not keep what cannot be decoded', async () => {
    await writeFiles(directory(), { 'train/cat/0.jpg': 'no image' })
    const folder = await open({ maxCorrupt: 1 })
    await epoch(folder)
    await epoch(folder)
    expect(recordsIn()).toBe(5 * 64)
    expect(folder.corrupt).toHaveLength(1)
  })

  it('that cannot be made is an error that says where', async () => {
    writeFileSync(join(directory(), 'file'), '')
    const cacheDirectory = join(directory(), 'file', 'cache')
    const error = await fail(openDataset('image-folder', directory(), { cacheDirectory }))
    expect(error).toMatchObject({ _tag: 'StorageFailed', where: cacheDirectory })
  })

  it('that cannot be written any more ends the iteration', async () => {
    const folder = await open()
    rmSync(cache(), { recursive: true })
    const thrown = await epoch(folder).catch(error => error)
    expect(thrown.error).toMatchObject({ _tag: 'StorageFailed', where: cache() })
  })
})
