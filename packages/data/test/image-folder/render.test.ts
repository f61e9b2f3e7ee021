import { renderImage } from '@cpnas/data'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { changeColors, renderView, shifted } from '../../dist/image-folder/render.js'

const size = 5
const raw = { mean: [0, 0, 0], std: [1 / 255, 1 / 255, 1 / 255] }
const plain = { flip: false, colors: [], cutout: { top: 0, bottom: 0, left: 0, right: 0 } }
const bytes = fc.uint8Array({ minLength: size * size * 3, maxLength: size * size * 3 })
const render = (from: Uint8Array, view = {}, normalization = raw) => {
  const into = new Float32Array(from.length + 2).fill(7)
  renderView(from, size, { ...plain, ...view }, normalization, into, 1)
  expect([into[0], into.at(-1)]).toEqual([7, 7])
  return into.subarray(1, -1)
}
const rounded = (values: Float32Array) => Uint8Array.from(values, Math.round)

describe('renderView', () => {
  it('gives the bytes it is given, normalized', () => {
    fc.assert(
      fc.property(bytes, from => {
        expect(rounded(render(from))).toEqual(from)
      }),
    )
    const from = Uint8Array.from({ length: size * size * 3 }, (_, i) => i)
    const [red, green, blue] = render(from, {}, { mean: [0, 0.5, 0.25], std: [0.5, 0.25, 0] })
    expect(red).toBe(0)
    expect(green).toBeCloseTo((1 / 255 - 0.5) / 0.25, 5)
    expect(blue).toBeCloseTo(2 / 255 - 0.25, 5)
  })

  it('flipped twice is as it was, and flipped once has the columns reversed', () => {
    fc.assert(
      fc.property(bytes, from => {
        const once = rounded(render(from, { flip: true }))
        expect(rounded(render(once, { flip: true }))).toEqual(from)
        expect([...once.subarray(0, 3)]).toEqual([...from.subarray((size - 1) * 3, size * 3)])
      }),
    )
  })

  it('sets the square to 0 after normalization', () => {
    const cutout = { top: 1, bottom: 3, left: 2, right: 4 }
    const values = render(new Uint8Array(size * size * 3).fill(255), { cutout }, { mean: [0, 0, 0], std: [1, 1, 1] })
    const zeros = [...values].flatMap((value, i) => (value === 0 ? [i] : []))
    expect(zeros).toEqual([1, 2].flatMap(y => [2, 3].flatMap(x => [0, 1, 2].map(c => (y * size + x) * 3 + c))))
  })

  it('changes colours in the order given', () => {
    const from = new Uint8Array(size * size * 3).fill(200)
    const darker = { kind: 'brightness', factor: 0.5 }
    const brighter = { kind: 'brightness', factor: 2 }
    expect(render(from, { colors: [darker, brighter] })[0]).toBeCloseTo(200, 3)
    expect(render(from, { colors: [brighter, darker] })[0]).toBeCloseTo(127.5, 3)
  })
})

describe('shifted', () => {
  it('is what the crop of other data sets is: the pixel at an offset, black outside', () => {
    const offset = fc.integer({ min: -size - 1, max: size + 1 })
    fc.assert(
      fc.property(bytes, offset, offset, (from, dy, dx) => {
        const expected = new Float32Array(from.length)
        const values = Float32Array.from({ length: 3 * 256 }, (_, i) => i & 255)
        const transform = { dy, dx, flip: false, cutout: plain.cutout }
        renderImage(from, { height: size, width: size, channels: 3 }, values, transform, expected, 0)
        expect([...shifted(from, size, { dy, dx })]).toEqual([...expected])
      }),
    )
  })
})

describe('changeColors', () => {
  const change = (kind: 'brightness' | 'contrast' | 'saturation', factor: number, ...pixels: number[]) => {
    const values = Float32Array.from(pixels)
    changeColors(values, { kind, factor })
    return [...values].map(value => Math.round(value * 100) / 100)
  }

  it('follows the definitions by hand', () => {
    expect(change('brightness', 1.5, 10, 100, 200)).toEqual([15, 150, 255])
    // Greys of the two pixels: 0.2989 * 100 = 29.89 and 0.587 * 200 = 117.4; their mean 73.645, half of it 36.8225.
    expect(change('contrast', 0.5, 100, 0, 0, 0, 200, 0)).toEqual([86.82, 36.82, 36.82, 36.82, 136.82, 36.82])
    // Grey: 0.2989 * 100 + 0.587 * 50 + 0.114 * 0 = 59.24.
    expect(change('saturation', 0, 100, 50, 0)).toEqual([59.24, 59.24, 59.24])
    expect(change('saturation', 2, 100, 50, 0)).toEqual([140.76, 40.76, 0])
  })

  it('by the factor 1 changes nothing, and stays within 0..255 by any other', () => {
    fc.assert(
      fc.property(
        bytes,
        fc.constantFrom('brightness', 'contrast', 'saturation'),
        fc.double({ min: 0, max: 3 }),
        (from, kind, f) => {
          const same = Float32Array.from(from)
          changeColors(same, { kind, factor: 1 })
          expect(rounded(same)).toEqual(from)
          fc.pre(!Number.isNaN(f))
          changeColors(same, { kind, factor: f })
          expect(same.every(value => value >= 0 && value <= 255)).toBe(true)
        },
      ),
    )
  })
})
