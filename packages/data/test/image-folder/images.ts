import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { crc32, deflateSync } from 'node:zlib'
import { type Batch, batches, type ImageFolder, type ImageFolderOptions, openDataset } from '@cpnas/data'
import sharp, { type Sharp } from 'sharp'
import { succeed } from '../support.js'

export type Colour = readonly [red: number, green: number, blue: number]

/** An image of the colours that `at` gives. */
export const drawn = (width: number, height: number, at: (x: number, y: number) => Colour): Sharp =>
  sharp(
    Buffer.from(
      Array.from({ length: width * height }, (_, i) => at(i % width, Math.floor(i / width))).flatMap(colour => [
        ...colour,
      ]),
    ),
    { raw: { width, height, channels: 3 } },
  )

export const plain = (width: number, height: number, colour: Colour): Sharp => drawn(width, height, () => colour)

/** Smooth, different for every seed, and with no symmetry. */
export const waves = (seed: number, width: number, height: number): Sharp =>
  drawn(width, height, (x, y) => {
    const wave = (k: number) => Math.round(127 + 120 * Math.sin((x * (k + 1)) / 9 + (y * (seed + 2)) / 23 + seed + k))
    return [wave(0), wave(1), wave(2)]
  })

const chunk = (type: string, data: Uint8Array): Uint8Array => {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const frame = Buffer.alloc(8)
  frame.writeUInt32BE(data.length, 0)
  frame.writeUInt32BE(crc32(body), 4)
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)])
}

/** The header of an interlaced PNG of 16-bit red, green, blue and alpha, which has to be held whole to be decoded; its pixels are missing. */
export const interlacedPng = (side: number): Uint8Array => {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(side, 0)
  header.writeUInt32BE(side, 4)
  header.set([16, 6, 0, 0, 1], 8)
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(new Uint8Array(1000))),
    chunk('IEND', new Uint8Array(0)),
  ])
}

/** Files by path under `dir`; folders are made. */
export const writeFiles = async (dir: string, files: Readonly<Record<string, Uint8Array | string | Sharp>>) => {
  for (const [path, content] of Object.entries(files)) {
    const target = join(dir, path)
    mkdirSync(dirname(target), { recursive: true })
    writeFileSync(
      target,
      typeof content === 'string' || content instanceof Uint8Array ? content : await content.toBuffer(),
    )
  }
}

/** Two classes, images of several sizes and formats. */
export const writeExample = (dir: string) =>
  writeFiles(dir, {
    'train/cat/1.jpg': waves(1, 60, 40).jpeg(),
    'train/cat/2.png': waves(2, 33, 70).png(),
    'train/cat/3.webp': waves(3, 80, 80).webp(),
    'train/dog/1.JPEG': waves(4, 41, 37).jpeg(),
    'train/dog/2.jpeg': waves(5, 20, 18).jpeg(),
    'val/cat/1.jpg': waves(6, 70, 50).jpeg(),
    'val/dog/1.png': waves(7, 24, 75).png(),
  })

const opened: ImageFolder[] = []

/** Small images, one worker; closed by `closeAll`. */
export const openFolder = async (dir: string, options: ImageFolderOptions = {}) => {
  const pair = await succeed(openDataset('image-folder', dir, { imageSize: 32, workers: 1, ...options }))
  opened.push(pair.train, pair.test)
  return pair
}

export const closeAll = () => {
  for (const folder of opened.splice(0)) folder.close()
}

export const collect = async (of: AsyncIterable<Batch>): Promise<readonly Batch[]> => {
  const all: Batch[] = []
  for await (const batch of of) all.push(batch)
  return all
}

export const bytesOnly = { mean: [0, 0, 0], std: [1 / 255, 1 / 255, 1 / 255] }

/** The evaluation view of one image, [32, 32, 3], 0..255. */
export const seen = async (folder: ImageFolder, index: number): Promise<Float32Array> => {
  const [batch] = await collect(batches(folder, [index], { batchSize: 1, normalization: bytesOnly }))
  return batch!.images
}
