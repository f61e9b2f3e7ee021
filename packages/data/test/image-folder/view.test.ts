import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { centreOf, type Rectangle, shortSideOf, type View, viewAt } from '../../dist/image-folder/view.js'

const side = fc.integer({ min: 1, max: 600 })
const extent = fc.record({ width: side, height: side })
const anySeed = fc.integer()
const whole = { cropScale: [0.08, 1] } as const
const rectangleOf = ({ part }: View): Rectangle => {
  if (part.kind !== 'rectangle') throw new Error('expected a rectangle')
  return part.rectangle
}
const views = (count: number, width: number, height: number, augmentation = {}) =>
  Array.from({ length: count }, (_, i) => viewAt(augmentation, { width, height }, 224, 1, 0, i))

describe('viewAt', () => {
  it('crops inside the image, whatever its size', () => {
    fc.assert(
      fc.property(extent, anySeed, fc.nat(), (extent, seed, position) => {
        const crop = rectangleOf(viewAt(whole, extent, 224, seed, 0, position))
        expect([crop.width, crop.height, crop.left, crop.top].every(Number.isInteger)).toBe(true)
        expect(Math.min(crop.left, crop.top)).toBeGreaterThanOrEqual(0)
        expect(Math.min(crop.width, crop.height)).toBeGreaterThan(0)
        expect(crop.left + crop.width).toBeLessThanOrEqual(extent.width)
        expect(crop.top + crop.height).toBeLessThanOrEqual(extent.height)
      }),
    )
  })

  it('keeps area and ratio within their ranges, but for rounding', () => {
    const width = 640
    const height = 640
    const crops = views(2000, width, height, whole).map(rectangleOf)
    const shares = crops.map(crop => (crop.width * crop.height) / (width * height))
    const ratios = crops.map(crop => crop.width / crop.height)
    expect(Math.min(...shares)).toBeGreaterThan(0.079)
    expect(Math.min(...shares)).toBeLessThan(0.09)
    expect(Math.max(...shares)).toBeGreaterThan(0.95)
    expect(Math.min(...ratios)).toBeGreaterThan(0.745)
    expect(Math.min(...ratios)).toBeLessThan(0.76)
    expect(Math.max(...ratios)).toBeLessThan(1.34)
    expect(Math.max(...ratios)).toBeGreaterThan(1.32)
    // The logarithm is uniform: as many are upright as lie.
    expect(ratios.filter(ratio => ratio < 1).length / 2000).toBeCloseTo(0.5, 1)
    const areas = views(200, width, height, { cropScale: [0.5, 0.6] })
      .map(rectangleOf)
      .map(crop => crop.width * crop.height)
    expect(Math.min(...areas)).toBeGreaterThan(0.49 * width * height)
    expect(Math.max(...areas)).toBeLessThan(0.61 * width * height)
  })

  it('takes the largest part in the middle of an image too long for any other', () => {
    for (const view of views(20, 1000, 30, { cropScale: [1, 1] }))
      expect(rectangleOf(view)).toEqual({ left: 480, top: 0, width: 40, height: 30 })
    for (const view of views(20, 30, 1000, { cropScale: [1, 1] }))
      expect(rectangleOf(view)).toEqual({ left: 0, top: 480, width: 30, height: 40 })
  })

  it('moves the image by up to the padding where there is no range of areas', () => {
    const shifts = views(2000, 50, 70, { crop: 2 }).map(({ part }) => (part.kind === 'shift' ? [part.dy, part.dx] : []))
    expect(new Set(shifts.map(String)).size).toBe(25)
    expect(Math.max(...shifts.flat())).toBe(2)
    expect(Math.min(...shifts.flat())).toBe(-2)
    for (const { part } of views(20, 50, 70)) expect(part).toEqual({ kind: 'shift', dy: 0, dx: 0 })
  })

  it('flips every other image, if asked', () => {
    expect(views(200, 50, 50).some(({ flip }) => flip)).toBe(false)
    const flipped = views(1000, 50, 50, { flip: true }).filter(({ flip }) => flip).length
    expect(flipped).toBeGreaterThan(440)
    expect(flipped).toBeLessThan(560)
  })

  it('changes brightness, contrast and saturation once each, in any order, within the strength', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.01, max: 1.5, noNaN: true }), anySeed, (colorJitter, seed) => {
        const { colors } = viewAt({ colorJitter }, { width: 40, height: 40 }, 224, seed, 0, 0)
        expect(colors.map(({ kind }) => kind).sort()).toEqual(['brightness', 'contrast', 'saturation'])
        for (const { factor } of colors) {
          expect(factor).toBeGreaterThanOrEqual(Math.max(0, 1 - colorJitter))
          expect(factor).toBeLessThanOrEqual(1 + colorJitter)
        }
      }),
    )
    const orders = views(200, 40, 40, { colorJitter: 0.4 }).map(({ colors }) => colors.map(({ kind }) => kind).join())
    expect(new Set(orders).size).toBe(6)
    expect(views(1, 40, 40)[0]!.colors).toEqual([])
  })

  it('depends on seed, epoch and position only', () => {
    const augmentation = { flip: true, colorJitter: 0.4, cutout: 16, ...whole }
    const of = (seed: number, epoch: number, position: number, width = 300) =>
      viewAt(augmentation, { width, height: 200 }, 224, seed, epoch, position)
    expect(of(1, 2, 3)).toEqual(of(1, 2, 3))
    for (const other of [of(2, 2, 3), of(1, 3, 3), of(1, 2, 4)]) expect(other.part).not.toEqual(of(1, 2, 3).part)
    // The size of an image decides on its crop alone.
    const { part: _, ...rest } = of(1, 2, 3)
    expect(of(1, 2, 3, 500)).toMatchObject(rest)
  })
})

describe('the evaluation view', () => {
  it('is the middle 224 of a short side of 256', () => {
    expect([224, 32, 96, 299].map(shortSideOf)).toEqual([256, 37, 110, 342])
    expect(centreOf({ width: 341, height: 256 }, 224)).toEqual({ left: 58, top: 16, width: 224, height: 224 })
    expect(centreOf({ width: 37, height: 39 }, 32)).toEqual({ left: 2, top: 4, width: 32, height: 32 })
  })

  it('is all of a small picture, or the square in its middle', () => {
    expect(centreOf({ width: 32, height: 32 }, 32)).toEqual({ left: 0, top: 0, width: 32, height: 32 })
    expect(centreOf({ width: 20, height: 50 }, 32)).toEqual({ left: 0, top: 15, width: 20, height: 20 })
    expect(centreOf({ width: 30000, height: 1 }, 224)).toEqual({ left: 15000, top: 0, width: 1, height: 1 })
  })

  it('lies inside', () => {
    fc.assert(
      fc.property(extent, fc.integer({ min: 1, max: 300 }), (extent, size) => {
        const { left, top, width, height } = centreOf(extent, size)
        expect(width).toBe(height)
        expect(Math.min(left, top)).toBeGreaterThanOrEqual(0)
        expect(left + width).toBeLessThanOrEqual(extent.width)
        expect(top + height).toBeLessThanOrEqual(extent.height)
      }),
    )
  })
})
