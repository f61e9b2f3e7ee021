import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32, deflateSync } from 'node:zlib'

const chunk = (type: string, data: Buffer): Buffer => {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const frame = Buffer.alloc(8)
  frame.writeUInt32BE(data.length, 0)
  frame.writeUInt32BE(crc32(body), 4)
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)])
}

type Colour = readonly [number, number, number]

/** A PNG of one colour, or of columns of several in turn. */
export const png = (width: number, height: number, ...colours: readonly [Colour, ...Colour[]]): Buffer => {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  // Eight bits, red, green and blue.
  header.set([8, 2], 8)
  const row = Buffer.from([0, ...Array.from({ length: width }, (_, x) => colours[x % colours.length]!).flat()])
  const pixels = deflateSync(Buffer.concat(Array.from({ length: height }, () => row)))
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('IDAT', pixels),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

/** A folder for every class, with so many pictures: columns of its colour and of grey, lighter from picture to picture. */
export const writeClasses = (directory: string, classes: Readonly<Record<string, Colour>>, count: number): void => {
  for (const [name, colour] of Object.entries(classes)) {
    mkdirSync(join(directory, name), { recursive: true })
    for (let i = 0; i < count; i++)
      writeFileSync(join(directory, name, `${i}.png`), png(16, 16, colour, [5 * i, 5 * i, 5 * i]))
  }
}

/** Red and blue images of several sizes in train/ and val/, so many of each colour; those of `corrupt` are no images. */
export const writeImageFolder = (directory: string, images: number, corrupt: readonly string[] = []): void => {
  for (const split of ['train', 'val'])
    for (const [name, colour] of Object.entries({ blue: [20, 30, 200], red: [210, 40, 30] } as const)) {
      mkdirSync(join(directory, split, name), { recursive: true })
      for (let i = 0; i < images; i++) {
        const path = `${split}/${name}/${i}.png`
        const bytes = corrupt.includes(path) ? Buffer.from('no image') : png(20 + i, 30 - i, colour)
        writeFileSync(join(directory, path), bytes)
      }
    }
}
