import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { imageOf, type Picture } from '../src/picture.js'
import type { PackedModel } from '../src/program.js'

const modelOf = (size: number, channels: number, shortSide?: number): PackedModel => ({
  metadata: {
    classes: ['a', 'b'],
    normalization: { mean: Array(channels).fill(0), std: Array(channels).fill(1) },
    ...(shortSide === undefined ? {} : { trainedOn: { dataset: 'image-folder', digest: '', shortSide } }),
  },
  program: { image: { height: size, width: size, channels }, steps: [] },
})

const pictureOf = (width: number, height: number, colour: (x: number, y: number) => readonly number[]): Picture => ({
  width,
  height,
  data: Uint8Array.from(
    Array.from({ length: width * height }, (_, i) => [...colour(i % width, Math.floor(i / width)), 9]).flat(),
  ),
})

const sides = fc.integer({ min: 1, max: 40 })
const bytes = fc.integer({ min: 0, max: 255 })

describe('what a network sees of a picture', () => {
  it('is the picture itself where it has the size of the image', () => {
    const picture = pictureOf(3, 3, (x, y) => [10 * x, 20 * y, 30])
    const expected = Array.from({ length: 9 }, (_, i) => [10 * (i % 3), 20 * Math.floor(i / 3), 30]).flat()
    expect([...imageOf(modelOf(3, 3), picture)]).toEqual(expected)
  })

  it('is of one colour where the picture is', () =>
    fc.assert(
      fc.property(sides, sides, sides, fc.tuple(bytes, bytes, bytes), (width, height, size, colour) => {
        const seen = imageOf(
          modelOf(size, 3),
          pictureOf(width, height, () => colour),
        )
        expect(seen).toHaveLength(size * size * 3)
        for (let i = 0; i < seen.length; i++) expect(seen[i]).toBe(colour[i % 3])
      }),
    ))

  it('is mirrored where the picture is', () =>
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 8 }),
        fc.infiniteStream(bytes),
        (half, size, stream) => {
          // Even on both sides, so that the square is in the middle to the pixel.
          const [side, even] = [2 * half, 2 * size]
          const values = Array.from({ length: side * side }, () => stream.next().value)
          const seen = (mirrored: boolean) =>
            imageOf(
              modelOf(even, 3, even),
              pictureOf(side, side, (x, y) => Array(3).fill(values[y * side + (mirrored ? side - 1 - x : x)])),
            )
          const [plain, other] = [seen(false), seen(true)]
          for (let y = 0; y < even; y++)
            for (let x = 0; x < even; x++)
              // Halves are rounded up on both sides.
              expect(Math.abs(plain[(y * even + x) * 3]! - other[(y * even + even - 1 - x) * 3]!)).toBeLessThanOrEqual(
                1,
              )
        },
      ),
    ))

  it('halves a picture by the weights 1, 3, 3, 1 of four neighbours', () => {
    const row = [0, 80, 160, 240]
    const seen = imageOf(
      modelOf(2, 3, 2),
      pictureOf(4, 4, x => [row[x]!, 0, 0]),
    )
    // (3 * 0 + 3 * 80 + 160) / 7 and (80 + 3 * 160 + 3 * 240) / 7: the taps beyond the border are left out.
    expect([seen[0], seen[3]]).toEqual([Math.round(400 / 7), Math.round(1280 / 7)])
  })

  it('is the square in the middle, of the side that the network was trained with', () => {
    const picture = pictureOf(6, 2, x => [x, 0, 0])
    expect([...imageOf(modelOf(2, 3, 2), picture)].filter((_, i) => i % 3 === 0)).toEqual([2, 3, 2, 3])
    // Not reduced, for its short side is below 4; the square of 2 is enlarged by nothing.
    expect([...imageOf(modelOf(2, 3, 4), picture)].filter((_, i) => i % 3 === 0)).toEqual([2, 3, 2, 3])
  })

  it('is grey for a network of one channel', () => {
    // 0.299 * 255 = 76.245, 0.587 * 255 = 149.685
    const picture = pictureOf(2, 2, x => (x === 0 ? [255, 0, 0] : [0, 255, 0]))
    expect([...imageOf(modelOf(2, 1), picture)]).toEqual([76, 150, 76, 150])
  })

  it('refuses data of another size', () => {
    expect(() => imageOf(modelOf(2, 3), { data: new Uint8Array(12), width: 2, height: 2 })).toThrow(
      'imageOf: 2x2 pixels have 16 bytes, got 12',
    )
    expect(() => imageOf(modelOf(2, 3), { data: new Uint8Array(0), width: 0, height: 0 })).toThrow(RangeError)
  })
})
