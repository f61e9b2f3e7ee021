import { cpSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type DatasetPair, differenceOf, fingerprintOf, openDataset } from '@cpnas/data'
import { describe, expect, it } from 'vitest'
import { writeFiles } from './image-folder/images.js'
import { dataset, idxFiles, succeed, useDirectory, write } from './support.js'

const directory = useDirectory()

const of = async (pair: DatasetPair) => {
  const fingerprint = await fingerprintOf(pair)
  pair.train.close()
  pair.test.close()
  return fingerprint
}
const folder = async (dir: string) => of(await succeed(openDataset('image-folder', dir, { imageSize: 8, workers: 1 })))

const example = (dir: string) =>
  writeFiles(dir, {
    'train/apple/1.png': 'one',
    'train/apple/2.png': 'two',
    'train/pear/1.png': 'three',
    'val/apple/1.png': 'four',
    'val/pear/1.png': 'five',
  })

describe('fingerprintOf', () => {
  it('of a folder depends on its classes, files and their content, not on where it lies or when it was written', async () => {
    const [a, b] = [join(directory(), 'a'), join(directory(), 'b')]
    await example(a)
    cpSync(a, b, { recursive: true })
    utimesSync(join(b, 'train/apple/1.png'), 1, 1)
    const before = await folder(a)
    expect(before).toMatchObject({ by: 'content', classes: [{ name: 'apple', train: 2, test: 1 }, { name: 'pear' }] })
    const same = await folder(b)
    expect(same).toEqual(before)
    expect(differenceOf(before, same)).toBeUndefined()

    writeFileSync(join(b, 'val/pear/1.png'), 'live')
    expect(differenceOf(before, await folder(b))).toBe('other images of the class pear')
    rmSync(join(b, 'train/apple/2.png'))
    expect(differenceOf(before, await folder(b))).toBe(
      '1 training and 1 test images of the class apple, not 2 training and 1 test images',
    )
    for (const half of ['train', 'val']) renameSync(join(b, half, 'pear'), join(b, half, 'stone'))
    expect(differenceOf(before, await folder(b))).toBe('no class pear but the class stone')
    renameSync(join(a, 'train/apple/1.png'), join(a, 'train/apple/3.png'))
    expect(differenceOf(before, await folder(a))).toBe('other images of the class apple')
  })

  it('of records depends on every byte', async () => {
    write(directory(), idxFiles())
    const open = async () => of(await succeed(openDataset('fashion-mnist', directory())))
    const before = await open()
    expect(before.classes[0]).toMatchObject({ name: 'T-shirt/top', train: 3, test: 0 })
    const files = idxFiles()
    // The last pixel of the second test image, which is of class 2.
    files['t10k-images-idx3-ubyte']![16 + 2 * 784 - 1]! ^= 1
    write(directory(), files)
    expect(differenceOf(before, await open())).toBe('other images of the class Pullover')
  })

  it('tells the order of classes', async () => {
    const train = dataset([0, 1])
    const swapped = { ...train, classNames: ['class 1', 'class 0', ...train.classNames.slice(2)] }
    const [one, other] = [
      await fingerprintOf({ train, test: train }),
      await fingerprintOf({ train: swapped, test: swapped }),
    ]
    expect(differenceOf(one, other)).toBe('the same classes in another order')
  })

  it('by listing says less', async () => {
    await example(directory())
    const content = await folder(directory())
    const listing = { ...content, by: 'listing' as const }
    const later = {
      ...listing,
      digest: 'other',
      classes: [{ ...listing.classes[0]!, digest: 'x' }, listing.classes[1]!],
    }
    expect(differenceOf(listing, later)).toBe('files of other names, sizes or times of the class apple')
  })
})
