import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { openDataset } from '@cpnas/data'
import { describe, expect, it } from 'vitest'
import {
  expectedImage,
  fail,
  gzipped,
  idxFiles,
  idxImages,
  idxLabels,
  readImages,
  succeed,
  testLabels,
  trainLabels,
  useDirectory,
  write,
} from './support.js'

const directory = useDirectory()
const images = 'train-images-idx3-ubyte'
const labels = 'train-labels-idx1-ubyte'

describe.each([
  ['plain', idxFiles],
  ['gzip', () => gzipped(idxFiles())],
])('IDX files, %s', (_, files) => {
  it('are opened', async () => {
    write(directory(), files())
    const { train, test } = await succeed(openDataset('mnist', directory()))
    expect([train.name, train.count, train.height, train.width, train.channels]).toEqual(['mnist', 11, 28, 28, 1])
    expect([...train.labels]).toEqual(trainLabels)
    expect([...test.labels]).toEqual(testLabels)
    expect(readImages(train, [10, 3])).toEqual([...expectedImage(10, 28, 28, 1), ...expectedImage(3, 28, 28, 1)])
    expect(readImages(test, [1])).toEqual(expectedImage(1, 28, 28, 1))
    expect(() => readImages(train, [11])).toThrow(RangeError)
    train.close()
    test.close()
  })
})

it('a plain file goes before its .gz', async () => {
  write(directory(), { ...idxFiles(), [`${images}.gz`]: Uint8Array.of(1, 2, 3) })
  const { train, test } = await succeed(openDataset('fashion-mnist', directory()))
  expect(readImages(train, [0])).toEqual(expectedImage(0, 28, 28, 1))
  train.close()
  test.close()
})

it('says which files are missing', async () => {
  write(directory(), gzipped(idxFiles()))
  await rm(join(directory(), `${labels}.gz`))
  await rm(join(directory(), 't10k-images-idx3-ubyte.gz'))
  const error = await fail(openDataset('mnist', directory()))
  expect(error).toMatchObject({ _tag: 'InvalidData', where: directory() })
  expect(error.problem).toBe(`${labels}, t10k-images-idx3-ubyte are missing`)
})

const damaged = (bytes: Uint8Array, at: number): Uint8Array => bytes.map((b, i) => (i === at ? b ^ 0xff : b))

describe.each(['plain', 'gzip'] as const)('bad content, %s', form => {
  const pack = (bytes: Uint8Array) => (form === 'gzip' ? gzipSync(bytes) : bytes)
  const ending = form === 'gzip' ? '.gz' : ''
  it.each([
    ['images of wrong magic', images, damaged(idxImages(11), 3), /not an IDX file of images: it begins with 000008fc/],
    ['labels of wrong magic', labels, idxImages(11), /not an IDX file of labels: it begins with 00000803/],
    ['images of another size', images, idxImages(11, 32, 32), /32x32 pixels instead of 28x28/],
    ['too few images', images, idxImages(10), /holds 10 images, but the file of their labels holds 11 labels/],
    ['too many images', images, idxImages(12), /holds 12 images, .* holds 11 labels/],
    ['images cut short', images, idxImages(11).subarray(0, 8000), /cut short: 11 images take 8640 bytes, it has 8000/],
    ['labels cut short', labels, idxLabels(trainLabels).subarray(0, 18), /cut short: 11 labels take 19 bytes/],
    ['a header cut short', images, idxImages(11).subarray(0, 15), /has 15 bytes, the header alone has 16/],
    ['more than the header says', images, Buffer.concat([idxImages(11), Buffer.alloc(5)]), /has 5 bytes more/],
    ['a label out of range', labels, idxLabels([0, 1, 10, ...trainLabels.slice(3)]), /label 2 .* is 10, .* 0 to 9/],
    ['no labels', labels, idxLabels([]), /holds no labels/],
  ])('%s', async (_, file, bytes, problem) => {
    const files = form === 'gzip' ? gzipped(idxFiles()) : idxFiles()
    write(directory(), { ...files, [file + ending]: pack(bytes) })
    const error = await fail(openDataset('fashion-mnist', directory()))
    expect(error).toMatchObject({ _tag: 'InvalidData', where: join(directory(), file + ending) })
    expect(error.problem).toMatch(problem)
  })
})

describe.each([
  ['images', images, gzipSync(idxImages(11))],
  ['labels', labels, gzipSync(idxLabels(trainLabels))],
])('bad gzip of %s', (_, file, good) => {
  it.each([
    ['cut short', good.subarray(0, good.length - 12), /^the gzip file is cut short$/],
    ['without its checksum', good.subarray(0, good.length - 1), /^the gzip file is cut short$/],
    ['empty', new Uint8Array(), /^the gzip file is cut short$/],
    ['damaged', damaged(good, good.length - 6), /^the gzip file is damaged/],
    ['foreign', Buffer.from('<html>404</html>'), /^is named .gz but is not a gzip file$/],
  ])('%s', async (_, bytes, problem) => {
    write(directory(), { ...gzipped(idxFiles()), [`${file}.gz`]: bytes })
    const error = await fail(openDataset('mnist', directory()))
    expect(error).toMatchObject({ _tag: 'InvalidData', where: join(directory(), `${file}.gz`) })
    expect(error.problem).toMatch(problem)
  })
})

it('tells a gzip file named as a plain one', async () => {
  write(directory(), { ...idxFiles(), [images]: gzipSync(idxImages(11)) })
  expect((await fail(openDataset('mnist', directory()))).problem).toMatch(/is a gzip file: its name has to end in .gz/)
})
