import { writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { batches, detectDataset, type ImageFolder, openDataset } from '@cpnas/data'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { afterEach, describe, expect, it } from 'vitest'
import { bytesOnly, closeAll, collect, plain } from './image-folder/images.js'
import { fail, succeed, useDirectory } from './support.js'

const directory = useDirectory()
afterEach(closeAll)

const png = async (red: number): Promise<Uint8Array> =>
  new Uint8Array(await plain(12, 12, [red, 0, 0]).png().toBuffer())

const features = (names: readonly string[], label = 'label') =>
  JSON.stringify({ info: { features: { img: { _type: 'Image' }, [label]: { names, _type: 'ClassLabel' } } } })

interface Table {
  readonly images: readonly (Uint8Array | null)[]
  readonly labels: readonly number[]
  readonly names?: readonly string[]
  readonly label?: string
}

/** As the `datasets` library writes it: a struct of bytes and path, and the features in the metadata. */
const table = ({ images, labels, names, label = 'label' }: Table): Uint8Array =>
  new Uint8Array(
    parquetWriteBuffer({
      columnData: [
        { name: 'img', data: images.map((bytes, i) => ({ bytes, path: `${i}.png` })) },
        { name: label, data: labels.map(BigInt) },
      ],
      schema: [
        { name: 'root', num_children: 2 },
        { name: 'img', num_children: 2, repetition_type: 'OPTIONAL' },
        { name: 'bytes', type: 'BYTE_ARRAY', repetition_type: 'OPTIONAL' },
        { name: 'path', type: 'BYTE_ARRAY', repetition_type: 'OPTIONAL', converted_type: 'UTF8' },
        { name: label, type: 'INT64', repetition_type: 'OPTIONAL' },
      ],
      ...(names === undefined ? {} : { kvMetadata: [{ key: 'huggingface', value: features(names, label) }] }),
    }),
  )

const write = async (folder: string, files: Readonly<Record<string, Uint8Array>>) => {
  await mkdir(join(directory(), folder), { recursive: true })
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(directory(), folder, name), bytes)
}

const reds = async (folder: ImageFolder) => {
  const all = await collect(batches(folder, [...folder.labels.keys()], { batchSize: 9, normalization: bytesOnly }))
  return all.flatMap(({ images, count }) => Array.from({ length: count }, (_, i) => Math.round(images[i * 144 * 3]!)))
}

describe('a data set of Parquet files', () => {
  it('has the images of all its files, with the names of its classes', async () => {
    await write('plain_text', {
      'train-00001-of-00002.parquet': table({ images: [await png(30)], labels: [1], names: ['cat', 'dog'] }),
      'train-00000-of-00002.parquet': table({
        images: [await png(10), await png(20)],
        labels: [1, 0],
        names: ['cat', 'dog'],
      }),
      'test-00000-of-00001.parquet': table({ images: [await png(40)], labels: [0], names: ['cat', 'dog'] }),
    })
    expect(await succeed(detectDataset(directory()))).toBe('image-folder')
    const cacheDirectory = join(directory(), 'cache')
    const { train, test } = await succeed(openDataset('image-folder', directory(), { workers: 1, cacheDirectory }))
    expect(train.classNames).toEqual(['cat', 'dog'])
    expect([...train.labels]).toEqual([1, 0, 1])
    expect([train.height, test.count]).toEqual([12, 1])
    expect(await reds(train)).toEqual([10, 20, 30])
    expect(await reds(train)).toEqual([10, 20, 30])
    expect(await reds(test)).toEqual([40])
    expect(train.notes[0]).toBe('Parquet files')
    expect(train.paths[1]).toMatch(/train-00000-of-00002\.parquet, row 1$/)
    train.close()
    test.close()
  })

  it('without a test set has one in five held back; without names classes are numbers; bad images are left out', async () => {
    const images = await Promise.all(Array.from({ length: 10 }, (_, i) => png(i)))
    images[3] = Uint8Array.of(1, 2, 3)
    await write('data', { 'all.parquet': table({ images, labels: images.map((_, i) => i % 2) }) })
    const { train, test } = await succeed(openDataset('image-folder', directory(), { workers: 1, maxCorrupt: 0.5 }))
    expect([train.count, test.count, train.classNames]).toEqual([8, 2, ['0', '1']])
    expect([...(await reds(train)), ...(await reds(test))].sort()).toEqual([0, 1, 2, 4, 5, 6, 7, 8, 9])
    expect([...train.corrupt, ...test.corrupt].map(({ path }) => path.slice(-5))).toEqual(['row 3'])
    expect(train.notes[0]).toMatch(/^Parquet files, which do not name their classes: one image in five/)
    train.close()
    test.close()
  })

  it.each([
    ['no labels', { label: 'caption' }, /no column of labels .* it has img, bytes, path, caption/],
    ['a label out of range', { labels: [2], names: ['a', 'b'] }, /row 0 .* has the label 2, the classes are 0 to 1/],
    ['no bytes', { images: [null] }, /row 0 .* has no bytes of an image/],
  ])('is refused with %s', async (_, more, problem) => {
    await write('', { 'train.parquet': table({ images: [await png(1)], labels: [0], ...more }) })
    const error = await fail(openDataset('image-folder', directory()))
    expect(error).toMatchObject({ _tag: 'InvalidData', where: join(directory(), 'train.parquet') })
    expect(error.problem).toMatch(problem)
  })

  it('is refused when it is damaged', async () => {
    await write('', { 'train.parquet': Buffer.from('PAR1 and no more') })
    expect((await fail(openDataset('image-folder', directory()))).problem).toMatch(/\(train\.parquet\) cannot be read/)
  })
})
