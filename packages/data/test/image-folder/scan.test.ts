import { symlinkSync } from 'node:fs'
import { basename, join } from 'node:path'
import { batches, detectDataset, openDataset } from '@cpnas/data'
import { afterEach, describe, expect, it } from 'vitest'
import { cifarFile, fail, succeed, useDirectory } from '../support.js'
import { closeAll, collect, openFolder, waves, writeExample, writeFiles } from './images.js'

const directory = useDirectory()
afterEach(closeAll)

describe('openDataset of an image folder', () => {
  it('gives images and classes in the order of their names', async () => {
    await writeFiles(directory(), {
      'train/b/2.jpg': '',
      'train/b/10.JPEG': '',
      'train/a/x.webp': '',
      'train/Z/x.png': '',
      'train/Z/notes.txt': '',
      'train/Z/._x.png': '',
      'train/.cache/x.png': '',
      'train/readme.txt': '',
      'val/b/1.jpg': '',
      'val/Z/1.jpg': '',
    })
    const { train, test } = await openFolder(directory())
    expect(train).toMatchObject({ name: 'image-folder', count: 4, height: 32, width: 32, channels: 3 })
    expect(train.classNames).toEqual(['Z', 'a', 'b'])
    expect(train.paths.map(path => basename(path))).toEqual(['x.png', 'x.webp', '10.JPEG', '2.jpg'])
    expect(train.labels).toEqual(Uint16Array.of(0, 1, 2, 2))
    expect(test.classNames).toEqual(train.classNames)
    expect(test.labels).toEqual(Uint16Array.of(0, 2))
    expect(train.statistics.mean).toEqual([0.485, 0.456, 0.406])
  })

  it('has more classes than a byte', async () => {
    const names = Array.from({ length: 300 }, (_, k) => `n${String(k).padStart(3, '0')}`)
    await writeFiles(directory(), {
      ...Object.fromEntries(names.map(name => [`train/${name}/1.jpg`, ''])),
      'train/n299/1.jpg': waves(1, 40, 40).jpeg(),
      'val/n299/1.jpg': '',
    })
    const { train, test } = await openFolder(directory())
    expect([train.labels[299], test.labels[0]]).toEqual([299, 299])
    const [batch] = await collect(batches(train, [299], { batchSize: 1 }))
    expect(batch!.labels).toEqual(Float32Array.of(299))
  })

  it('takes test where there is no val, follows links, and is 224 pixels wide unless told', async () => {
    await writeFiles(directory(), { 'all/1.jpg': '', 'train/a/1.jpg': '', 'test/a/1.jpg': '', 'test/a/2.jpg': '' })
    symlinkSync(join(directory(), 'all'), join(directory(), 'train', 'b'))
    symlinkSync(join(directory(), 'all', '1.jpg'), join(directory(), 'train', 'a', '2.jpg'))
    const { train, test } = await openFolder(directory())
    expect([train.count, train.classNames, test.count]).toEqual([3, ['a', 'b'], 2])
    const pair = await succeed(openDataset('image-folder', directory()))
    expect([pair.train.height, pair.test.width]).toEqual([224, 224])
  })

  it.each([
    ['no train', { 'val/a/1.jpg': '' }, '', /has no folder train/],
    ['no val', { 'train/a/1.jpg': '' }, '', /has no folder val/],
    ['a flat val', { 'train/a/1.jpg': '', 'val/1.jpg': '', 'val/2.jpg': '' }, 'val', /2 images lie in it side by side/],
    ['an empty train', { 'train/x.txt': '', 'val/a/1.jpg': '' }, 'train', /holds no folders/],
    ['an empty class', { 'train/a/x.txt': '', 'train/b/1.jpg': '', 'val/b/1.jpg': '' }, 'train/a', /has no images/],
    ['an unknown class', { 'train/a/1.jpg': '', 'val/c/1.jpg': '' }, 'val', /a class that train\/ has not: c/],
    ['a file for train', { train: '', 'val/a/1.jpg': '' }, 'train', /cannot be read \(ENOTDIR\)/],
  ])('rejects %s', async (_, files, where, problem) => {
    await writeFiles(directory(), files)
    const error = await fail(openDataset('image-folder', directory()))
    expect(error).toMatchObject({ _tag: 'InvalidData', where: join(directory(), where) })
    expect(error.problem).toMatch(problem)
    expect(error.remedy).not.toBe('')
  })

  it('says how the flat val/ of ImageNet is sorted', async () => {
    await writeFiles(directory(), { 'train/a/1.jpg': '', 'val/ILSVRC2012_val_00000001.JPEG': '' })
    expect((await fail(openDataset('image-folder', directory()))).remedy).toMatch(/valprep\.sh/)
  })

  it.each([
    ['imageSize', { imageSize: 0 }],
    ['workers', { workers: 1.5 }],
    ['prefetch', { prefetch: 0 }],
    ['maxCorrupt', { maxCorrupt: 2 }],
    ['maxCorrupt', { maxCorrupt: Number.NaN }],
  ])('rejects %s out of range', async (where, options) => {
    await writeExample(directory())
    const error = await fail(openDataset('image-folder', directory(), options))
    expect(error).toMatchObject({ _tag: 'InvalidOption', where })
  })
})

describe('detectDataset', () => {
  it('finds image folders', async () => {
    await writeFiles(directory(), { 'train/a/1.jpg': '', 'val/1.jpg': '' })
    expect(await succeed(detectDataset(directory()))).toBe('image-folder')
  })

  it('rejects them beside another data set', async () => {
    await writeFiles(directory(), { 'train/a/1.jpg': '', 'val/a/1.jpg': '', 'train.bin': cifarFile([[1, 1]]) })
    expect((await fail(detectDataset(directory()))).problem).toMatch(/several data sets: CIFAR-100, image folders/)
  })
})
