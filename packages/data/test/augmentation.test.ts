import { renderImage, type Transform, transformAt } from '@cpnas/data'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

const none = { top: 0, bottom: 0, left: 0, right: 0 }
const identity: Transform = { dy: 0, dx: 0, flip: false, cutout: none }
const side = fc.integer({ min: 1, max: 9 })
const image = fc.record({ height: side, width: side, channels: fc.integer({ min: 1, max: 3 }) }).chain(shape =>
  fc.record({
    shape: fc.constant(shape),
    bytes: fc.uint8Array({
      minLength: shape.height * shape.width * shape.channels,
      maxLength: shape.height * shape.width * shape.channels,
    }),
  }),
)
type Image = typeof image extends fc.Arbitrary<infer A> ? A : never

/** Byte b becomes b + 1, so that nothing but a cutout is 0. */
const values = Float32Array.from({ length: 3 * 256 }, (_, i) => (i & 255) + 1)
const render = ({ bytes, shape }: Image, transform: Transform): Float32Array => {
  const into = new Float32Array(bytes.length + 2).fill(-1)
  renderImage(bytes, shape, values, transform, into, 1)
  expect([into[0], into.at(-1)]).toEqual([-1, -1])
  return into.slice(1, -1)
}
const asBytes = (rendered: Float32Array): Uint8Array<ArrayBuffer> => Uint8Array.from(rendered, v => v - 1)

describe('renderImage', () => {
  it('with an offset equal to the padding and nothing else is the identity', () => {
    fc.assert(
      fc.property(image, one => {
        expect(asBytes(render(one, identity))).toEqual(Uint8Array.from(one.bytes))
      }),
    )
  })

  it('flips back what it flipped', () => {
    fc.assert(
      fc.property(image, one => {
        const flipped = asBytes(render(one, { ...identity, flip: true }))
        expect(asBytes(render({ ...one, bytes: flipped }, { ...identity, flip: true }))).toEqual(
          Uint8Array.from(one.bytes),
        )
      }),
    )
  })

  it('crops, then flips (by hand)', () => {
    const one = { bytes: Uint8Array.of(10, 20, 30, 40, 50, 60), shape: { height: 2, width: 3, channels: 1 } }
    expect([...asBytes(render(one, { ...identity, dy: 1, dx: -1 }))]).toEqual([0, 40, 50, 0, 0, 0])
    expect([...asBytes(render(one, { ...identity, dy: 1, dx: -1, flip: true }))]).toEqual([50, 40, 0, 0, 0, 0])
    expect([...asBytes(render(one, { ...identity, flip: true }))]).toEqual([30, 20, 10, 60, 50, 40])
  })

  it('shifts by dy and dx, black outside', () => {
    fc.assert(
      fc.property(image, fc.integer({ min: -4, max: 4 }), fc.integer({ min: -4, max: 4 }), (one, dy, dx) => {
        const { height, width, channels } = one.shape
        const out = asBytes(render(one, { ...identity, dy, dx }))
        for (let i = 0; i < out.length; i++) {
          const [y, x] = [Math.floor(i / channels / width) + dy, (Math.floor(i / channels) % width) + dx]
          const inside = y >= 0 && y < height && x >= 0 && x < width
          expect(out[i]).toBe(inside ? one.bytes[(y * width + x) * channels + (i % channels)] : 0)
        }
      }),
    )
  })

  it('uses the values of each channel', () => {
    const into = new Float32Array(6)
    const table = Float32Array.from({ length: 512 }, (_, i) => -i)
    renderImage(Uint8Array.of(1, 2, 3, 4), { height: 1, width: 2, channels: 2 }, table, { ...identity, dx: 1 }, into, 2)
    expect([...into]).toEqual([0, 0, -3, -260, -0, -256])
  })

  it('zeroes exactly the square, after normalization', () => {
    fc.assert(
      fc.property(image, fc.array(side, { minLength: 4, maxLength: 4 }), (one, edges) => {
        const { height, width, channels } = one.shape
        const [top, bottom] = edges
          .slice(0, 2)
          .map(y => Math.min(y, height))
          .sort() as [number, number]
        const [left, right] = edges
          .slice(2)
          .map(x => Math.min(x, width))
          .sort() as [number, number]
        const plain = render(one, identity)
        render(one, { ...identity, cutout: { top, bottom, left, right } }).forEach((value, i) => {
          const [y, x] = [Math.floor(i / channels / width), Math.floor(i / channels) % width]
          const cut = y >= top && y < bottom && x >= left && x < right
          expect(value).toBe(cut ? 0 : plain[i])
        })
      }),
    )
  })
})

describe('transformAt', () => {
  const size = { height: 32, width: 32 }
  const full = { crop: 4, flip: true, cutout: 16 }
  const many = Array.from({ length: 4000 }, (_, position) => transformAt(full, size, 1, 0, position))

  it('is the identity without augmentation', () => {
    fc.assert(
      fc.property(fc.integer(), fc.nat(), fc.nat(), (seed, epoch, position) => {
        expect(transformAt({}, size, seed, epoch, position)).toEqual(identity)
      }),
    )
  })

  it('depends on seed, epoch and position, and on nothing else', () => {
    const at = (seed: number, epoch: number, position: number) =>
      JSON.stringify(transformAt(full, size, seed, epoch, position))
    fc.assert(
      fc.property(fc.integer(), fc.nat(), fc.nat(), (s, e, p) => {
        expect(at(s, e, p)).toBe(at(s, e, p))
      }),
    )
    const sequence = (at: (i: number) => string) => Array.from({ length: 20 }, (_, i) => at(i)).join()
    const sequences = [
      sequence(i => at(1, 0, i)),
      sequence(i => at(1, 1, i)),
      sequence(i => at(2, 0, i)),
      sequence(i => at(0, 1, i)),
      sequence(i => at(1, i, 0)),
      sequence(i => at(i, 1, 0)),
    ]
    expect(new Set(sequences).size).toBe(sequences.length)
  })

  it('takes every offset and direction about equally often, independently', () => {
    const counts = new Map<string, number>()
    for (const { dy, dx, flip } of many) counts.set(`${dy} ${dx} ${flip}`, (counts.get(`${dy} ${dx} ${flip}`) ?? 0) + 1)
    const expected = 4000 / 162
    const chiSquare = [...counts.values()].reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0)
    expect(counts.size).toBe(162)
    expect(chiSquare).toBeLessThan(161 + 5 * Math.sqrt(2 * 161))
  })

  it('draws anew for the next position and the next epoch', () => {
    const chiSquare = (next: (position: number) => readonly [epoch: number, position: number]) => {
      const counts = new Map<string, number>()
      for (const [position, { dy }] of many.entries()) {
        const pair = `${dy} ${transformAt(full, size, 1, ...next(position)).dy}`
        counts.set(pair, (counts.get(pair) ?? 0) + 1)
      }
      return [...counts.values()].reduce(
        (sum, n) => sum + (n - 4000 / 81) ** 2 / (4000 / 81),
        (81 - counts.size) * (4000 / 81),
      )
    }
    expect(chiSquare(position => [0, position + 1])).toBeLessThan(80 + 5 * Math.sqrt(2 * 80))
    expect(chiSquare(position => [1, position])).toBeLessThan(80 + 5 * Math.sqrt(2 * 80))
  })

  it('cuts a square of the given side around every pixel, clipped at the borders', () => {
    for (const { cutout } of many) {
      const { top, bottom, left, right } = cutout
      expect(top >= 0 && left >= 0 && bottom <= 32 && right <= 32).toBe(true)
      expect(bottom - top === 16 || top === 0 || bottom === 32).toBe(true)
      expect(right - left === 16 || left === 0 || right === 32).toBe(true)
      expect(Math.min(bottom - top, right - left)).toBeGreaterThanOrEqual(8)
    }
    const tops = new Set(many.map(({ cutout: { top, bottom } }) => `${top} ${bottom}`))
    expect(tops.size).toBe(32)
  })

  it('cuts all of an image smaller than the square', () => {
    const { cutout } = transformAt({ cutout: 99 }, { height: 5, width: 3 }, 1, 2, 3)
    expect(cutout).toEqual({ top: 0, bottom: 5, left: 0, right: 3 })
  })
})
