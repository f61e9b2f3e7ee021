import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { classify, createRunner, encode, imageOf, load, type PictureSource } from '@cpnas/packed'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { colourModel } from './support/colour-model.js'

const model = colourModel('red', 'green', 'blue')
const file = encode(model)

const [width, height] = [37, 29]
const data = Uint8Array.from({ length: width * height * 4 }, (_, i) =>
  i % 4 === 3 ? 255 : (i * 7) % (100 + 50 * (i % 4)),
)
const raw = { raw: { width, height, channels: 4 } } as const

let folder: string
let picture: Buffer
let expected: object
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cpnas-load-test-'))
  picture = await sharp(data, raw).png().toBuffer()
  writeFileSync(join(folder, 'model.cpnas'), file)
  writeFileSync(join(folder, 'picture.png'), picture)
  expected = classify(await createRunner(model), model.metadata, imageOf(model, { data, width, height }))
})
afterAll(() => rmSync(folder, { recursive: true }))

const at = (name: string): string => join(folder, name)

describe('load', () => {
  test('takes bytes, a path, a URL of a file, an address', async () => {
    const server = createServer((request, response) =>
      request.url === '/model.cpnas' ? response.end(file) : response.writeHead(404).end(),
    ).listen(0, '127.0.0.1')
    await new Promise(resolve => server.once('listening', resolve))
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/model.cpnas`
    const buffer = new ArrayBuffer(file.length)
    new Uint8Array(buffer).set(file)
    for (const source of [file, buffer, at('model.cpnas'), pathToFileURL(at('model.cpnas')), address]) {
      const network = await load(source)
      expect(network.model.metadata).toEqual(model.metadata)
      expect(await network.predict({ data, width, height })).toEqual(expected)
    }
    await expect(load(`${address}x`)).rejects.toThrow('cannot be fetched (404)')
    server.close()
  })

  test('says what is wrong with a file', async () => {
    await expect(load(file.slice(0, -1))).rejects.toThrow(/^load: /)
    await expect(load(at('nothing.cpnas'))).rejects.toThrow('ENOENT')
  })
})

describe('predict', () => {
  test.each<[string, () => PictureSource]>([
    ['pixels', () => ({ data, width, height })],
    ['the bytes of a file', () => picture],
    ['an ArrayBuffer', () => Uint8Array.from(picture).buffer],
    ['a Blob', () => new Blob([Uint8Array.from(picture)])],
    ['a path', () => at('picture.png')],
    ['a URL', () => pathToFileURL(at('picture.png'))],
    ['a pipeline of sharp', () => sharp(picture)],
  ])('takes %s', async (_, source) => {
    const { predict } = await load(file)
    expect(await predict(source())).toEqual(expected)
  })

  test('turns a picture upright as its EXIF data say', async () => {
    const half = Buffer.alloc(16 * 8 * 3)
    for (let i = 0; i < 16 * 8; i++) half[3 * i + (i % 16 < 8 ? 0 : 2)] = 255
    const turned = await sharp(half, { raw: { width: 16, height: 8, channels: 3 } })
      .withExif({ IFD0: { Orientation: '6' } })
      .jpeg({ quality: 100 })
      .toBuffer()
    const upright = await sharp(turned).autoOrient().png().toBuffer()
    const { predict } = await load(file)
    expect(await predict(turned)).toEqual(await predict(upright))
  })

  test('refuses what is no picture', async () => {
    const { predict } = await load(file)
    await expect(predict({ width: 3, height: 3 })).rejects.toThrow('predict: this is no picture')
    await expect(predict(Uint8Array.of(1, 2, 3))).rejects.toThrow('unsupported image format')
    await expect(predict(at('nothing.png'))).rejects.toThrow('ENOENT')
  })
})
