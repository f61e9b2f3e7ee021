import type { ChannelStatistics } from './catalogue.js'
import type { RecordDataset } from './dataset.js'
import { allIndices } from './split.js'

const imagesPerRead = 256

/**
 * Mean and (population) standard deviation of every channel over all pixels of the images at `indices`, 0..1.
 *
 * @param indices Default: all images. For normalization take those of the training set. Of none, all statistics are NaN.
 */
export const channelStatistics = (
  dataset: RecordDataset,
  indices: ArrayLike<number> = allIndices(dataset),
): ChannelStatistics => {
  const { height, width, channels } = dataset
  const area = height * width
  const bytes = new Uint8Array(imagesPerRead * area * channels)
  const histograms = new Float64Array(channels * 256)
  for (let begin = 0; begin < indices.length; begin += imagesPerRead) {
    const chunk = Array.from({ length: Math.min(imagesPerRead, indices.length - begin) }, (_, i) => indices[begin + i]!)
    dataset.read(chunk, bytes)
    for (let i = 0, c = 0; i < chunk.length * area * channels; i++, c = c + 1 === channels ? 0 : c + 1) {
      const bin = c * 256 + bytes[i]!
      histograms[bin] = histograms[bin]! + 1
    }
  }
  const n = indices.length * area
  const moments = Array.from({ length: channels }, (_, c) => {
    const counts = histograms.subarray(c * 256, (c + 1) * 256)
    const mean = counts.reduce((sum, k, b) => sum + k * b, 0) / n
    const variance = counts.reduce((sum, k, b) => sum + k * (b - mean) ** 2, 0) / n
    return { mean: mean / 255, std: Math.sqrt(variance) / 255 }
  })
  return { mean: moments.map(m => m.mean), std: moments.map(m => m.std) }
}
