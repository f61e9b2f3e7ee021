import { readdirSync, readlinkSync, truncateSync } from 'node:fs'
import { mkdir, rename, rm, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { catalogue, DatasetReadError, detectDataset, openDataset } from '@cpnas/data'
import { describe, expect, it } from 'vitest'
import { pickled } from './pickles.js'
import { cifarFile, expectedImage, fail, readImages, succeed, useDirectory, write } from './support.js'

const directory = useDirectory()

/** CIFAR-10 with 3, 1, 2, 1, 1 training records and 2 test records; images are numbered through. */
const cifar10 = (): Record<string, Uint8Array> => ({
  'data_batch_1.bin': cifarFile([[0], [1], [2]], 0),
  'data_batch_2.bin': cifarFile([[3]], 3),
  'data_batch_3.bin': cifarFile([[4], [9]], 4),
  'data_batch_4.bin': cifarFile([[6]], 6),
  'data_batch_5.bin': cifarFile([[7]], 7),
  'test_batch.bin': cifarFile([[8], [5]], 8),
})

const cifar100 = (): Record<string, Uint8Array> => ({
  'train.bin': cifarFile([
    [19, 99],
    [0, 45],
  ]),
  'test.bin': cifarFile([[7, 11]], 2),
})

/** The planes of images first, first + 1, ... */
const planes = (count: number, first: number): Uint8Array =>
  Buffer.concat(Array.from({ length: count }, (_, i) => cifarFile([[0]], first + i).subarray(1)))

describe('the Python version', () => {
  const files = (value: 'bytes' | 'array'): Record<string, Uint8Array> => ({
    ...Object.fromEntries(
      [1, 2, 3, 4, 5].map(k => [
        `data_batch_${k}`,
        pickled([
          ['batch_label', { bytes: Buffer.from('training batch') }],
          ['labels', { numbers: [k, 9] }],
          ['data', value === 'bytes' ? { bytes: planes(2, 2 * k - 2) } : { array: planes(2, 2 * k - 2) }],
        ]),
      ]),
    ),
    test_batch: pickled([
      ['data', { bytes: planes(1, 10) }],
      ['labels', { numbers: [3] }],
    ]),
  })

  it.each([
    ['', 'bytes'],
    ['cifar-10-batches-py', 'array'],
  ] as const)('gives the same images (%s, %s)', async (folder, value) => {
    await mkdir(join(directory(), folder), { recursive: true })
    write(join(directory(), folder), files(value))
    expect(await succeed(detectDataset(directory()))).toBe('cifar10')
    const { train, test } = await succeed(openDataset('cifar10', directory()))
    expect([...train.labels]).toEqual([1, 9, 2, 9, 3, 9, 4, 9, 5, 9])
    for (const i of [0, 3, 9]) expect(readImages(train, [i])).toEqual(expectedImage(i, 32, 32, 3))
    expect(readImages(test, [0])).toEqual(expectedImage(10, 32, 32, 3))
    train.close()
    test.close()
  })

  it('of CIFAR-100 has fine labels', async () => {
    const of = (label: number, first: number) =>
      pickled([
        ['fine_labels', { numbers: [label] }],
        ['coarse_labels', { numbers: [1] }],
        ['data', { bytes: planes(1, first) }],
      ])
    write(directory(), { train: of(99, 0), test: of(45, 1) })
    expect(await succeed(detectDataset(directory()))).toBe('cifar100')
    const { train, test } = await succeed(openDataset('cifar100', directory()))
    expect([train.labels[0], test.labels[0]]).toEqual([99, 45])
    train.close()
    test.close()
  })

  it.each([
    ['text', Buffer.from('hello'), /is no pickle that can be read/],
    ['another pickle', pickled([['labels', { numbers: [1] }]]), /without labels and data/],
    [
      'too few bytes',
      pickled([
        ['labels', { numbers: [1] }],
        ['data', { bytes: new Uint8Array(7) }],
      ]),
      /1 labels and 7 bytes/,
    ],
    [
      'a label out of range',
      pickled([
        ['labels', { numbers: [10] }],
        ['data', { bytes: planes(1, 0) }],
      ]),
      /has the label 10, CIFAR-10 has 0 to 9/,
    ],
  ])('refuses %s', async (_, bytes, problem) => {
    write(directory(), { ...files('bytes'), data_batch_3: bytes })
    const error = await fail(openDataset('cifar10', directory()))
    expect(error).toMatchObject({ _tag: 'InvalidData', where: join(directory(), 'data_batch_3') })
    expect(error.problem).toMatch(problem)
  })
})

describe('CIFAR-10', () => {
  it('gives the images of all files, interleaved, with their labels', async () => {
    write(directory(), cifar10())
    const { train, test } = await succeed(openDataset('cifar10', directory()))
    expect([train.count, train.height, train.width, train.channels]).toEqual([8, 32, 32, 3])
    expect([...train.labels]).toEqual([0, 1, 2, 3, 4, 9, 6, 7])
    expect([...test.labels]).toEqual([8, 5])
    expect(train.classNames[9]).toBe('truck')
    expect(train.statistics).toBe(catalogue.cifar10.statistics)
    for (const i of [0, 2, 3, 5, 7]) expect(readImages(train, [i])).toEqual(expectedImage(i, 32, 32, 3))
    expect(readImages(train, [7, 0, 7])).toEqual([7, 0, 7].flatMap(i => expectedImage(i, 32, 32, 3)))
    expect(readImages(test, [1])).toEqual(expectedImage(9, 32, 32, 3))
    train.close()
    train.close()
    test.close()
  })

  it("finds the official archive's folder", async () => {
    await mkdir(join(directory(), 'cifar-10-batches-bin'))
    write(join(directory(), 'cifar-10-batches-bin'), cifar10())
    const { train } = await succeed(openDataset('cifar10', directory()))
    expect(train.count).toBe(8)
    train.close()
  })

  it('reads labels of files longer than its buffer', async () => {
    const labels = Array.from({ length: 700 }, (_, i) => [i % 10])
    const records = cifarFile(labels)
    write(directory(), { ...cifar10(), 'data_batch_1.bin': records })
    const { train, test } = await succeed(openDataset('cifar10', directory()))
    expect([...train.labels.subarray(0, 700)]).toEqual(labels.flat())
    train.close()
    test.close()
  })

  it('says which files are missing', async () => {
    write(directory(), cifar10())
    await rm(join(directory(), 'data_batch_2.bin'))
    await rm(join(directory(), 'test_batch.bin'))
    const error = await fail(openDataset('cifar10', directory()))
    expect(error).toMatchObject({ _tag: 'InvalidData', where: directory() })
    expect(error.problem).toBe('data_batch_2.bin, test_batch.bin of CIFAR-10 are missing')
  })

  it.each([
    ['cut short', cifarFile([[1], [2]]).subarray(0, 6000), /6000 bytes.*2927 bytes are left after 1.*cut short/],
    ['of CIFAR-100', cifarFile([[3, 4]]), /not a CIFAR-10 file/],
    ['empty', new Uint8Array(), /^is empty$/],
    ['foreign', gzipSync(cifarFile([[1]])), /not a whole number of 3073-byte records/],
    ['with a label out of range', cifarFile([[9], [10], [77]]), /^record 1 .* has the label 10, CIFAR-10 has 0 to 9/],
  ])('rejects a file that is %s', async (_, bytes, problem) => {
    write(directory(), { ...cifar10(), 'data_batch_3.bin': bytes })
    const error = await fail(openDataset('cifar10', directory()))
    expect(error).toMatchObject({ _tag: 'InvalidData', where: join(directory(), 'data_batch_3.bin') })
    expect(error.problem).toMatch(problem)
  })

  it.skipIf(process.platform !== 'linux')('closes the files before the bad one, and all when asked', async () => {
    const open = () =>
      readdirSync('/proc/self/fd').filter(fd => {
        try {
          return readlinkSync(`/proc/self/fd/${fd}`).startsWith(directory())
        } catch {
          return false
        }
      })
    write(directory(), cifar10())
    const { train, test } = await succeed(openDataset('cifar10', directory()))
    expect(open()).toHaveLength(6)
    train.close()
    test.close()
    expect(open()).toEqual([])
    write(directory(), { 'test_batch.bin': cifarFile([[10]]) })
    await fail(openDataset('cifar10', directory()))
    expect(open()).toEqual([])
  })

  it('rejects a directory in the place of a file', async () => {
    write(directory(), cifar10())
    await rename(join(directory(), 'test_batch.bin'), join(directory(), 'other'))
    await mkdir(join(directory(), 'test_batch.bin'))
    expect((await fail(openDataset('cifar10', directory()))).problem).toBe('is not a regular file')
  })

  it('reports a file cut under a running program', async () => {
    write(directory(), cifar10())
    const { train, test } = await succeed(openDataset('cifar10', directory()))
    truncateSync(join(directory(), 'data_batch_1.bin'), 3073 + 10)
    expect(readImages(train, [0])).toEqual(expectedImage(0, 32, 32, 3))
    expect(() => readImages(train, [1])).toThrow(DatasetReadError)
    expect(() => readImages(train, [1])).toThrow(/data_batch_1\.bin: ended early/)
    train.close()
    test.close()
  })
})

describe('CIFAR-100', () => {
  it('takes the fine label as the class', async () => {
    write(directory(), cifar100())
    const { train, test } = await succeed(openDataset('cifar100', directory()))
    expect([...train.labels]).toEqual([99, 45])
    expect(train.classNames).toHaveLength(100)
    expect(readImages(train, [1])).toEqual(expectedImage(1, 32, 32, 3))
    expect([...test.labels]).toEqual([11])
    train.close()
    test.close()
  })

  it.each([
    ['coarse label', [20, 0], /record 0 .* has the coarse label 20, CIFAR-100 has 0 to 19/],
    ['label', [0, 100], /record 0 .* has the label 100, CIFAR-100 has 0 to 99/],
  ])('checks the %s', async (_, labels, problem) => {
    write(directory(), { ...cifar100(), 'train.bin': cifarFile([labels]) })
    expect((await fail(openDataset('cifar100', directory()))).problem).toMatch(problem)
  })

  it('rejects a file cut short', async () => {
    write(directory(), cifar100())
    await truncate(join(directory(), 'train.bin'), 3074 + 3073)
    expect((await fail(openDataset('cifar100', directory()))).problem).toMatch(/cut short/)
  })
})
