import { channelStatistics, memoryDataset } from '@cpnas/data'
import { describe, expect, it } from 'vitest'
import { dataset, readImages } from './support.js'

describe('channelStatistics', () => {
  it('of two pixels of two channels (by hand)', () => {
    const facts = { ...dataset([0]), height: 1, width: 2, channels: 2, statistics: { mean: [0, 0], std: [1, 1] } }
    const { mean, std } = channelStatistics(memoryDataset(facts, Uint8Array.of(0, 51, 255, 153)))
    expect(mean[0]).toBeCloseTo(0.5, 12)
    expect(mean[1]).toBeCloseTo(0.4, 12)
    expect(std[0]).toBeCloseTo(0.5, 12)
    expect(std[1]).toBeCloseTo(0.2, 12)
  })

  it('equals the plain sums over the images at the indices, more of them than are read at once', () => {
    const images = dataset(new Array(600).fill(0), 2, 3, 3)
    const indices = Array.from({ length: 500 }, (_, i) => (i * 7) % 600)
    const pixels = readImages(images, indices).map(b => b / 255)
    const { mean, std } = channelStatistics(images, indices)
    for (let c = 0; c < 3; c++) {
      const channel = pixels.filter((_, i) => i % 3 === c)
      const m = channel.reduce((a, b) => a + b) / channel.length
      expect(mean[c]).toBeCloseTo(m, 10)
      expect(std[c]).toBeCloseTo(Math.sqrt(channel.reduce((a, b) => a + (b - m) ** 2, 0) / channel.length), 10)
    }
  })
})
