import { array, assert, constantFrom, integer, property, record, uint8Array } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { background, contentBox, enlarge, inverted, luminance, type Pixels, reduce } from '../../src/image/pixels.js'

const sizes = record({
  height: integer({ min: 1, max: 6 }),
  width: integer({ min: 1, max: 6 }),
  channels: constantFrom(1, 3),
})
const images = sizes.chain(image =>
  record({
    image: constantFrom(image),
    bytes: uint8Array({
      minLength: image.height * image.width * image.channels,
      maxLength: image.height * image.width * image.channels,
    }),
  }),
)

/** White, with a box of one colour. */
const boxOnWhite = ([red, green, blue]: readonly number[]): Pixels => {
  const [width, height] = [7, 5]
  const data = new Uint8ClampedArray(4 * width * height).fill(255)
  for (const y of [1, 2, 3]) for (const x of [2, 3]) data.set([red!, green!, blue!, 255], 4 * (y * width + x))
  return { width, height, data }
}

describe('pixels', () => {
  test('an image enlarged and reduced again is itself', () => {
    assert(
      property(images, integer({ min: 1, max: 4 }), ({ image, bytes }, scale) => {
        expect(reduce(enlarge(bytes, image, scale), image)).toEqual(bytes)
      }),
    )
  })

  test('a block of pixels becomes its mean grey', () => {
    const data = Uint8ClampedArray.from(
      [
        [255, 0, 0, 255],
        [0, 255, 0, 255],
        [0, 0, 255, 255],
        [0, 0, 0, 255],
      ].flat(),
    )
    // (0.299 + 0.587 + 0.114) * 255 / 4 = 63.75
    expect(reduce({ width: 2, height: 2, data }, { height: 1, width: 1, channels: 1 })).toEqual(Uint8Array.of(64))
    expect(reduce({ width: 2, height: 2, data }, { height: 1, width: 1, channels: 3 })).toEqual(
      Uint8Array.of(64, 64, 64),
    )
  })

  test('the negative of the negative is the picture, and a light one has a dark negative', () => {
    assert(
      property(images, ({ image, bytes }) => {
        const pixels = enlarge(bytes, image, 1)
        const negative = inverted(pixels)
        expect(inverted(negative)).toEqual(pixels)
        expect(luminance(background(pixels)) + luminance(background(negative))).toBeCloseTo(255)
      }),
    )
  })

  test('what stands on a background is found', () => {
    const pixels = boxOnWhite([200, 30, 30])
    expect(background(pixels)).toEqual([255, 255, 255])
    expect(contentBox(pixels, background(pixels))).toEqual({ x: 2, y: 1, width: 2, height: 3 })
  })

  test('where nothing stands on the background, all is taken: a twentieth of the distance is not seen', () => {
    const all = { x: 0, y: 0, width: 7, height: 5 }
    // The limit is 0.05 * 255 in every channel: 12.75.
    expect(contentBox(boxOnWhite([243, 243, 243]), [255, 255, 255])).toEqual(all)
    expect(contentBox(boxOnWhite([242, 242, 242]), [255, 255, 255])).not.toEqual(all)
  })

  test('the background is what the corners are, whatever stands between them', () => {
    assert(
      property(array(integer({ min: 0, max: 255 }), { minLength: 3, maxLength: 3 }), colour => {
        expect(background(boxOnWhite(colour))).toEqual([255, 255, 255])
      }),
    )
  })
})
