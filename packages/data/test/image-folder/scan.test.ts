import { mkdirSync, symlinkSync } from 'node:fs'
import { basename, join, relative } from 'node:path'
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
    expect(pair.train.notes).toEqual([
      'train/ and test/',
      'images are seen in 224x224 pixels: no image could be looked at',
    ])
  })

  it.each([
    ['no train', { 'val/a/1.jpg': '' }, '', /has a folder val but no folder train/],
    ['too few to test', { 'train/a/1.jpg': '' }, 'train', /has 1 images, too few to hold one in five back/],
    ['one class folder', { 'all/1.jpg': '', 'notes.txt': '' }, '', /holds one folder of images \(all\)/],
    ['pictures side by side', { '1.jpg': '', '2.png': '' }, '', /2 images lie in it side by side/],
    [
      'two train',
      { 'train/a/1.jpg': '', 'Train/a/1.jpg': '' },
      '',
      /has the folders (train and Train|Train and train)/,
    ],
    ['a flat val', { 'train/a/1.jpg': '', 'val/1.jpg': '', 'val/2.jpg': '' }, 'val', /2 images lie in it side by side/],
    ['an empty train', { 'train/x.txt': '', 'val/a/1.jpg': '' }, 'train', /holds no folders/],
    [
      'an empty class',
      { 'train/a/x.txt': '', 'train/a/y.bmp': '', 'train/b/1.jpg': '', 'val/b/1.jpg': '' },
      'train/a',
      /has no images that can be read; 1 \.txt files, which are not pictures; 1 \.bmp files, a format/,
    ],
    ['an unknown class', { 'train/a/1.jpg': '', 'val/c/1.jpg': '' }, 'val', /a class that train\/ has not: c/],
    ['a file for train', { train: '', 'val/a/1.jpg': '' }, '', /no folder train/],
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
    ['memory', { memory: -1 }],
    ['memory', { memory: Number.NaN }],
    ['maxCorrupt', { maxCorrupt: 2 }],
    ['maxCorrupt', { maxCorrupt: Number.NaN }],
  ])('rejects %s out of range', async (where, options) => {
    await writeExample(directory())
    const error = await fail(openDataset('image-folder', directory(), options))
    expect(error).toMatchObject({ _tag: 'InvalidOption', where })
  })
})

describe('the layout of an image folder', () => {
  it.each([
    ['Train', 'Test'],
    ['training', 'validation'],
    ['TRAIN', 'valid'],
    ['train', 'testing'],
  ])('may be %s and %s', async (train, test) => {
    await writeFiles(directory(), { [`${train}/a/1.png`]: waves(1, 9, 9).png(), [`${test}/a/1.png`]: '' })
    expect(await succeed(detectDataset(directory()))).toBe('image-folder')
    const pair = await openFolder(directory(), { imageSize: 32 })
    expect([pair.train.count, pair.test.count]).toEqual([1, 1])
    expect(pair.train.notes).toEqual([`${train}/ and ${test}/`])
  })

  it('without a test set holds back one image in five of every class, the same ones each time', async () => {
    const files = (name: string, count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`${name}/${i}.png`, '']))
    await writeFiles(directory(), { ...files('cat', 10), ...files('dog', 5), 'empty/notes.txt': '', 'readme.md': '' })
    expect(await succeed(detectDataset(directory()))).toBe('image-folder')
    const pair = await openFolder(directory())
    const { train, test } = pair
    expect([...test.labels]).toEqual([0, 0, 1])
    expect(train.count).toBe(12)
    expect(new Set([...train.paths, ...test.paths]).size).toBe(15)
    expect((await openFolder(directory())).test.paths).toEqual(test.paths)
    expect(train.notes[0]).toBe(
      '2 class folders without a test set: one image in five of every class is held back for testing (seed 0)',
    )
    expect(train.leftOut.map(({ what, count }) => [what, count])).toEqual([
      ['.md files, which are not pictures', 1],
      ['folders without pictures', 1],
    ])
    await writeFiles(directory(), { ...files('train/cat', 5), ...files('train/dog', 5) })
    const half = await openFolder(directory())
    expect([half.train.count, half.test.count]).toEqual([8, 2])
    expect(half.train.notes[0]).toMatch(/^train\/ without a test set: /)
    expect(half.train.leftOut.find(({ what }) => what.startsWith('folders beside'))?.count).toBe(3)
  })

  it('has pictures in folders below those of the classes, in every format that can be read', async () => {
    await writeFiles(directory(), {
      'train/a/1.JFIF': '',
      'train/a/2019/deep/2.Gif': '',
      'train/a/2019/3.avif': '',
      'train/a/4.tif': '',
      'train/a/5.BMP': '',
      'train/a/6.heic': '',
      'train/a/7.txt': '',
      'train/a/.DS_Store': '',
      'train/8.png': '',
      'val/a/1.tiff': '',
    })
    mkdirSync(join(directory(), 'train', 'b'))
    symlinkSync(join(directory(), 'train', 'a'), join(directory(), 'train', 'a', '2019', 'round'))
    symlinkSync(join(directory(), 'nowhere'), join(directory(), 'train', 'a', 'broken.png'))
    symlinkSync('/dev/null', join(directory(), 'train', 'a', 'device.png'))
    symlinkSync(join(directory(), 'val', 'a'), join(directory(), 'train', 'b', 'other'))
    const { train } = await openFolder(directory())
    expect(train.paths.map(path => relative(train.directory, path))).toEqual([
      'a/1.JFIF',
      'a/4.tif',
      'a/2019/3.avif',
      'a/2019/deep/2.Gif',
      'b/other/1.tiff',
    ])
    expect(Object.fromEntries(train.leftOut.map(({ what, count }) => [what, count]))).toEqual({
      'pictures beside the folders of the classes': 1,
      'hidden files and folders': 1,
      '.bmp files, a format that cannot be read (convert them to PNG or JPEG)': 1,
      '.heic files, a format that cannot be read (convert them to PNG or JPEG)': 1,
      '.txt files, which are not pictures': 1,
      'links that lead nowhere': 1,
      'special files (pipes, sockets, devices)': 1,
    })
  })

  it('orders numbers by their values, and names a class in one Unicode form', async () => {
    const numbers = ['10', '2', '1', '0']
    await writeFiles(directory(), Object.fromEntries(numbers.map(n => [`train/${n}/1.png`, ''])))
    await writeFiles(directory(), { 'val/10/1.png': '' })
    const { train, test } = await openFolder(directory())
    expect(train.classNames).toEqual(['0', '1', '2', '10'])
    expect([...test.labels]).toEqual([3])
    const [composed, decomposed] = ['caf\u00e9', 'cafe\u0301']
    const other = join(directory(), 'other')
    await writeFiles(other, { [`train/${decomposed}/1.png`]: '', [`val/${composed}/1.png`]: '' })
    const pair = await openFolder(other)
    expect(pair.train.classNames).toEqual([composed])
    expect([...pair.test.labels]).toEqual([0])
    await writeFiles(other, { [`train/${composed}/1.png`]: '' })
    expect((await fail(openDataset('image-folder', other))).problem).toMatch(/two folders caf\u00e9/)
  })

  it('is seen in the size that its images have, up to 224 pixels', async () => {
    const of = async (...sides: readonly [number, number][]): Promise<number> => {
      const dir = join(directory(), String(sides))
      const files = sides.map(([w, h], i) => [`train/a/${i}.png`, waves(i, w, h).png()])
      await writeFiles(dir, { ...Object.fromEntries(files), 'val/a/1.png': '' })
      const { train, test } = await succeed(openDataset('image-folder', dir, { workers: 1 }))
      expect([train.width, test.height]).toEqual([train.height, train.height])
      train.close()
      test.close()
      return train.height
    }
    expect(await of([32, 32], [32, 32], [400, 300])).toBe(32)
    expect(await of([50, 40], [90, 60], [70, 100])).toBe(60)
    expect(await of([800, 600])).toBe(224)
    expect(await of([3, 2])).toBe(8)
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
