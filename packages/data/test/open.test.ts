import { execFileSync } from 'node:child_process'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { channelStatistics, detectDataset, embedded, openDataset } from '@cpnas/data'
import { describe, expect, it } from 'vitest'
import { cifarFile, fail, gzipped, idxFiles, idxImages, idxLabels, succeed, useDirectory, write } from './support.js'

const directory = useDirectory()

describe('openDataset', () => {
  it.each([
    ['a directory that is not there', 'nowhere', 'no such directory'],
    ['a file', 'file', 'is not a directory'],
  ])('rejects %s', async (_, name, problem) => {
    write(directory(), { file: new Uint8Array(1) })
    const where = join(directory(), name)
    expect(await fail(openDataset('cifar10', where))).toMatchObject({ _tag: 'InvalidData', where, problem })
    expect(await fail(detectDataset(where))).toMatchObject({ _tag: 'InvalidData', where, problem })
  })
})

describe('detectDataset', () => {
  const mnist = {
    'train-images-idx3-ubyte': idxImages(10),
    'train-labels-idx1-ubyte': idxLabels([5, 0, 4, 1, 9, 2, 1, 3, 1, 4]),
  }
  it.each([
    ['cifar10', { 'data_batch_1.bin': cifarFile([[1]]) }],
    ['cifar100', { 'train.bin': cifarFile([[1, 1]]) }],
    ['mnist', { ...idxFiles(), ...mnist }],
    ['fashion-mnist', idxFiles()],
    ['fashion-mnist', gzipped(idxFiles())],
  ])('finds %s', async (name, files) => {
    write(directory(), files)
    expect(await succeed(detectDataset(directory()))).toBe(name)
  })

  it("finds the official archive's folder", async () => {
    await mkdir(join(directory(), 'cifar-100-binary'))
    write(join(directory(), 'cifar-100-binary'), { 'test.bin': cifarFile([[1, 1]]) })
    expect(await succeed(detectDataset(directory()))).toBe('cifar100')
  })

  it.each([
    ['nothing', {}, /holds no data set known here: it has nothing in it/],
    ['other files', { 'a.csv': new Uint8Array(1) }, /known here: it has a file \(a\.csv\)/],
    ['two data sets', { ...idxFiles(), 'train.bin': cifarFile([[1, 1]]) }, /several data sets: CIFAR-100, IDX files/],
    [
      'other labels',
      { ...idxFiles(), 'train-labels-idx1-ubyte': idxLabels([1, 2]) },
      /neither as MNIST nor as Fashion/,
    ],
  ])('rejects %s', async (_, files, problem) => {
    write(directory(), files)
    const error = await fail(detectDataset(directory()))
    expect(error).toMatchObject({ _tag: 'InvalidData', where: directory() })
    expect(error.problem).toMatch(problem)
  })

  it.each([
    ['pictures.zip', /Unpack the archive \(unzip .*pictures\.zip\)/],
    ['cifar-10-python.tar.gz', /Unpack the archive \(tar -xf .*cifar-10-python\.tar\.gz\)/],
    ['1.jpg', /Put the pictures of each class into a folder/],
  ])('says what to do with %s', async (name, remedy) => {
    write(directory(), { [name]: new Uint8Array(1) })
    expect((await fail(detectDataset(directory()))).remedy).toMatch(remedy)
    const file = await fail(detectDataset(join(directory(), name)))
    expect(file.problem).toBe(name === '1.jpg' ? 'is not a directory' : 'is an archive')
  })

  it.each(['raw', 'MNIST/raw', 'FashionMNIST/raw'])(
    'finds the files where torchvision leaves them: %s',
    async folder => {
      const at = join(directory(), folder)
      await mkdir(at, { recursive: true })
      write(at, idxFiles())
      expect(await succeed(detectDataset(directory()))).toBe('fashion-mnist')
      const { train } = await succeed(openDataset('fashion-mnist', directory()))
      expect(train.count).toBe(11)
      train.close()
      if (folder === 'raw') return
      const other = join(directory(), 'raw')
      await mkdir(other)
      write(other, idxFiles())
      expect((await fail(detectDataset(directory()))).problem).toMatch(/several data sets: IDX files in .* and /)
    },
  )

  it('finds files named with a dot', async () => {
    const dotted = (name: string) => name.replace('-idx', '.idx')
    write(directory(), Object.fromEntries(Object.entries(idxFiles()).map(([name, bytes]) => [dotted(name), bytes])))
    expect(await succeed(detectDataset(directory()))).toBe('fashion-mnist')
  })

  it('does not wait for a pipe', async () => {
    write(directory(), idxFiles())
    const labels = join(directory(), 'train-labels-idx1-ubyte')
    await rm(labels)
    execFileSync('mkfifo', [labels])
    expect((await fail(detectDataset(directory()))).problem).toBe('is not a regular file')
  })

  it('says what is wrong with the labels it looks at', async () => {
    write(directory(), { ...idxFiles(), 'train-labels-idx1-ubyte': idxLabels([1, 2]).subarray(0, 9) })
    expect((await fail(detectDataset(directory()))).problem).toMatch(/cut short/)
    await rm(join(directory(), 'train-labels-idx1-ubyte'))
    expect((await fail(detectDataset(directory()))).problem).toBe('train-labels-idx1-ubyte is missing')
  })
})

describe('embedded', () => {
  it('is a balanced subset of Fashion-MNIST', async () => {
    const { train, test } = await succeed(embedded())
    const perClass = (labels: Uint8Array) => train.classNames.map((_, k) => labels.filter(label => label === k).length)
    expect(train.name).toBe('fashion-mnist')
    expect(perClass(train.labels)).toEqual(new Array(10).fill(1000))
    expect(perClass(test.labels)).toEqual(new Array(10).fill(200))
    const { mean, std } = channelStatistics(train)
    expect(mean[0]).toBeCloseTo(train.statistics.mean[0]!, 2)
    expect(std[0]).toBeCloseTo(train.statistics.std[0]!, 2)
  })

  it('is detected as what it is', async () => {
    expect(await succeed(detectDataset(new URL('../embedded', import.meta.url).pathname))).toBe('fashion-mnist')
  })
})
