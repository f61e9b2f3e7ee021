import { statSync, utimesSync, writeFileSync } from 'node:fs'
import { type Augmentation, batches, type ImageFolder } from '@cpnas/data'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { useDirectory } from '../support.js'
import { closeAll, collect, openFolder, seen, waves, writeExample, writeFiles } from './images.js'

const directory = useDirectory()
beforeEach(() => writeExample(directory()))
afterEach(closeAll)

const open = async (memory?: number) =>
  (await openFolder(directory(), { workers: 2, ...(memory === undefined ? {} : { memory }) })).train
const epoch = async (folder: ImageFolder, number: number, augmentation: Augmentation | undefined) => {
  const all = [...folder.labels.keys()]
  const options = { batchSize: 2, epoch: number, ...(augmentation === undefined ? {} : { augmentation }) }
  return (await collect(batches(folder, all, options))).map(batch => [...batch.images])
}

const augmentations: readonly (readonly [string, Augmentation | undefined])[] = [
  ['not augmented', undefined],
  ['moved', { crop: 4, flip: true, cutout: 8 }],
  ['cropped and resized', { cropScale: [0.1, 1], flip: true, colorJitter: 0.4 }],
]

describe('images in memory', () => {
  it.each([
    ['all', undefined],
    // 32x32 pixels of three bytes.
    ['two', 2 * 3072],
  ])(
    'of which %s fit are what they are when they are decoded in every epoch, in whichever order they are asked for',
    async (_, memory) => {
      const [without, held] = [await open(0), await open(memory)]
      for (const number of [0, 1, 2])
        for (const [, augmentation] of augmentations)
          expect(await epoch(held, number, augmentation)).toEqual(await epoch(without, number, augmentation))
    },
  )

  it.each(augmentations)('are not decoded again, unless their file has changed: %s', async (_, augmentation) => {
    const folder = await open()
    const path = folder.paths[0]!
    const [time, other] = [new Date(1e12), new Date(2e12)]
    utimesSync(path, time, time)
    const before = await epoch(folder, 0, augmentation)
    writeFileSync(path, Buffer.alloc(statSync(path).size))
    utimesSync(path, time, time)
    expect(await epoch(folder, 0, augmentation)).toEqual(before)
    await writeFiles(directory(), { 'train/cat/1.jpg': waves(9, 60, 40).jpeg() })
    utimesSync(path, other, other)
    const after = await epoch(folder, 0, augmentation)
    expect(after).not.toEqual(before)
    expect(after).toEqual(await epoch(await open(0), 0, augmentation))
  })

  it('that do not fit are decoded in every epoch', async () => {
    const folder = await open(0)
    const before = await seen(folder, 0)
    await writeFiles(directory(), { 'train/cat/1.jpg': waves(9, 60, 40).jpeg() })
    expect(await seen(folder, 0)).not.toEqual(before)
  })
})
