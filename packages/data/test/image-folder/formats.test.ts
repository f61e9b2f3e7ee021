import { type Batch, batches } from '@cpnas/data'
import sharp, { type Sharp } from 'sharp'
import { afterEach, describe, expect, it } from 'vitest'
import { useDirectory } from '../support.js'
import {
  bytesOnly,
  type Colour,
  closeAll,
  collect,
  drawn,
  interlacedPng,
  openFolder,
  plain,
  seen,
  writeFiles,
} from './images.js'

const directory = useDirectory()
afterEach(closeAll)

const view = async (name: string, image: Sharp | Uint8Array): Promise<Float32Array> => {
  await writeFiles(directory(), { [`train/a/${name}`]: image, 'val/a/1.png': plain(40, 40, [1, 2, 3]).png() })
  const { train } = await openFolder(directory())
  return seen(train, 0)
}

const at = (values: Float32Array, x: number, y: number) => [...values.subarray((y * 32 + x) * 3, (y * 32 + x) * 3 + 3)]

const expectColour = (values: Float32Array, [red, green, blue]: Colour, tolerance: number) => {
  const colour = [red, green, blue]
  const errors = values.map((value, i) => Math.abs(value - colour[i % 3]!))
  expect(errors.reduce((a, b) => Math.max(a, b))).toBeLessThanOrEqual(tolerance)
}

const orange: Colour = [220, 120, 40]

describe('an image', () => {
  it.each([
    ['JPEG', 'x.jpg', () => plain(60, 50, orange).jpeg({ quality: 95 }), 3],
    ['PNG', 'x.png', () => plain(60, 50, orange).png(), 0],
    ['PNG named as a JPEG', 'x.JPEG', () => plain(60, 50, orange).png(), 0],
    ['PNG with a palette', 'x.png', () => plain(60, 50, orange).png({ palette: true }), 0],
    ['PNG of 16 bits', 'x.png', () => plain(60, 50, orange).toColourspace('rgb16').png(), 1],
    ['PNG with transparency', 'x.png', () => plain(60, 50, orange).ensureAlpha(0.5).png(), 2],
    ['lossless WebP', 'x.webp', () => plain(60, 50, orange).webp({ lossless: true }), 0],
    ['smaller than the view', 'x.png', () => plain(9, 20, orange).png(), 0],
    ['of one pixel', 'x.png', () => plain(1, 1, orange).png(), 0],
    ['much longer than wide', 'x.png', () => plain(400, 3, orange).png(), 0],
  ])('%s keeps its colour', async (_, name, image, tolerance) => {
    expectColour(await view(name, image()), orange, tolerance)
  })

  it('in grey becomes red, green and blue', async () => {
    expectColour(await view('x.png', plain(50, 50, [90, 90, 90]).toColourspace('b-w').png()), [90, 90, 90], 0)
    expectColour(await view('x.jpg', plain(50, 50, [90, 90, 90]).toColourspace('b-w').jpeg()), [90, 90, 90], 2)
  })

  it('in CMYK becomes red, green and blue', async () => {
    const cmyk = await plain(50, 50, orange).toColourspace('cmyk').jpeg({ quality: 95 }).toBuffer()
    expect((await sharp(cmyk).metadata()).channels).toBe(4)
    // Inks cannot print every colour: it comes back near to what it was.
    expectColour(await view('x.jpg', cmyk), orange, 40)
  })

  it('with an EXIF orientation stands upright', async () => {
    // Red above, blue below, stored lying on its side: orientation 6 is to be turned by 90 degrees to the right.
    const stored = drawn(60, 40, x => (x < 30 ? [250, 0, 0] : [0, 0, 250]))
      .withMetadata({ orientation: 6 })
      .png()
    const values = await view('x.png', stored)
    expect(at(values, 2, 2)).toEqual([250, 0, 0])
    expect(at(values, 29, 2)).toEqual([250, 0, 0])
    expect(at(values, 2, 29)).toEqual([0, 0, 250])
  })

  it('much larger than memory allows is named, and not decoded', async () => {
    await writeFiles(directory(), {
      'train/a/bomb.png': interlacedPng(16_000),
      'train/a/long.png': plain(70_000, 1, orange).png(),
      'train/a/ok.png': plain(40, 40, orange).png(),
      'val/a/1.png': '',
    })
    const { train } = await openFolder(directory(), { maxCorrupt: 1 })
    const before = process.memoryUsage().rss
    const [batch] = await collect(batches(train, [0, 1, 2], { batchSize: 3 }))
    expect(batch!.count).toBe(1)
    // The picture alone would take 2 GB.
    expect(process.memoryUsage().rss - before).toBeLessThan(500 * 2 ** 20)
    expect(train.corrupt.map(({ reason }) => reason)).toEqual([
      'is 16000x16000 pixels, 1954 MiB decoded: at most 384 MiB are',
      'is 70000x1 pixels: no side may be longer than 65535',
    ])
  })

  it('that is a line is seen in bounded memory, in training and in evaluation', async () => {
    await writeFiles(directory(), {
      'train/a/wide.png': plain(30_000, 1, orange).png(),
      'train/a/high.png': plain(1, 30_000, orange).png(),
      'val/a/1.png': '',
    })
    const { train } = await openFolder(directory(), { imageSize: 224 })
    const before = process.memoryUsage().rss
    for (const augmentation of [undefined, { crop: 4 }, { cropScale: [0.08, 1] }] as const) {
      const options = augmentation === undefined ? {} : { augmentation }
      const [batch] = await collect(batches(train, [0, 1], { batchSize: 2, normalization: bytesOnly, ...options }))
      expect(batch!.count).toBe(2)
      if (augmentation === undefined) expectColour(batch!.images, orange, 0)
    }
    expect(process.memoryUsage().rss - before).toBeLessThan(500 * 2 ** 20)
  })

  it('of the size that is asked for is seen as it is, and smaller ones are not cropped when they are enlarged', async () => {
    const exact = drawn(32, 32, (x, y) => [x * 7, y * 7, 0])
    const values = await view('x.png', exact.png())
    expect(at(values, 5, 9)).toEqual([35, 63, 0])
    const small = await view('x.png', drawn(16, 16, x => [x * 10, 0, 0]).png())
    expect([at(small, 0, 3)[0], at(small, 31, 3)[0]]).toEqual([0, 150])
  })

  it('of twice the size of its short side is seen from 2/16 to 14/16 of it', async () => {
    // Short side 74 -> 37, of which the middle 32 are seen: columns 2.5 to 34.5 of 37, rounded to the even 2.
    const values = await view('x.png', drawn(74, 74, x => [x * 3, 0, 0]).png())
    expect(Math.abs(at(values, 0, 5)[0]! - (2 * 2 + 0.5) * 3)).toBeLessThanOrEqual(1)
    expect(Math.abs(at(values, 31, 5)[0]! - (33 * 2 + 0.5) * 3)).toBeLessThanOrEqual(1)
  })

  it('is normalized by the statistics of ImageNet unless others are given', async () => {
    await writeFiles(directory(), { 'train/a/1.png': plain(50, 50, [255, 0, 51]).png(), 'val/a/1.png': '' })
    const { train } = await openFolder(directory())
    const [batch] = await collect(batches(train, [0], { batchSize: 1 }))
    const [red, green, blue] = (batch as Batch).images
    expect(red).toBeCloseTo((1 - 0.485) / 0.229, 5)
    expect(green).toBeCloseTo(-0.456 / 0.224, 5)
    expect(blue).toBeCloseTo((0.2 - 0.406) / 0.225, 5)
    expect(() => batches(train, [0], { batchSize: 1, normalization: { mean: [0], std: [1] } })).toThrow(/3 channels/)
  })
})
