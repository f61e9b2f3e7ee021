import { memoryDataset, type RecordDataset } from '@cpnas/data'

/** Images of 4x4 pixels, bright on the left (class 0) or on the right (class 1), with some noise. */
export const tinyDataset = (count: number): RecordDataset => {
  const size = 4
  const labels = Uint8Array.from({ length: count }, (_, i) => i % 2)
  const pixels = Uint8Array.from({ length: count * size * size }, (_, i) => {
    const image = Math.floor(i / (size * size))
    const left = i % size < size / 2
    return (left === (labels[image] === 0) ? 180 : 20) + ((i * 37) % 61)
  })
  const statistics = { mean: [0.5], std: [0.3] }
  return memoryDataset(
    { name: 'tiny', height: size, width: size, channels: 1, classNames: ['left', 'right'], labels, statistics },
    pixels,
  )
}
