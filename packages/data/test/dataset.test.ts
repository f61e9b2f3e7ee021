import { memoryDataset } from '@cpnas/data'
import { describe, expect, it } from 'vitest'
import { dataset, expectedImage, readImages } from './support.js'

describe('memoryDataset', () => {
  it('reads the images asked for, in that order', () => {
    expect(readImages(dataset([1, 2, 3]), [2, 0, 2])).toEqual([2, 0, 2].flatMap(i => expectedImage(i, 4, 5, 3)))
  })

  it('reads from the pixels it was given, not from a copy', () => {
    const facts = { ...dataset([0]), height: 1, width: 2, channels: 1, statistics: { mean: [0], std: [1] } }
    const pixels = Uint8Array.of(1, 2)
    const from = memoryDataset(facts, pixels)
    pixels[1] = 9
    expect(readImages(from, [0])).toEqual([1, 9])
  })

  it('leaves the rest of a longer buffer alone', () => {
    const buffer = new Uint8Array(61).fill(7)
    dataset([1]).read([0], buffer)
    expect([...buffer]).toEqual([...expectedImage(0, 4, 5, 3), 7])
  })

  it.each([[[3]], [[-1]], [[Number.NaN]], [[0, 1, 2, 3]]])('throws at the indices %j of three images', indices => {
    expect(() => readImages(dataset([1, 2, 3]), indices)).toThrow(RangeError)
  })

  it('throws when the buffer is too short, or the pixels do not fit the labels', () => {
    expect(() => dataset([1, 2]).read([0, 1], new Uint8Array(119))).toThrow(/2 images do not fit 119 bytes/)
    expect(() => memoryDataset(dataset([1, 2]), new Uint8Array(119))).toThrow(/2 images have 120 bytes, got 119/)
  })
})
