import { type ImageFolder, memoryDataset } from '@cpnas/data'
import { right } from 'fp-ts/lib/Either.js'
import { expect, test } from 'vitest'
import { type Prediction, predictPictures } from '../src/predict.js'

/** Pictures of one pixel; what has no colour cannot be decoded. */
const folderOf = (colours: readonly (readonly number[] | undefined)[]): ImageFolder => ({
  ...memoryDataset(
    {
      ...{ name: 'pictures', height: 1, width: 1, channels: 3, classNames: ['picture'] },
      labels: new Uint8Array(colours.length),
      statistics: { mean: [0, 0, 0], std: [1, 1, 1] },
    },
    new Uint8Array(3 * colours.length),
  ),
  labels: new Uint16Array(colours.length),
  directory: '.',
  paths: colours.map((_, k) => `${k}.png`),
  contents: undefined,
  leftOut: [],
  notes: [],
  prefetch: 1,
  maxCorrupt: 1,
  corrupt: [],
  load: async ({ indices, normalization: { mean, std } }) => {
    const places = [...indices.keys()].filter(place => colours[indices[place]!] !== undefined)
    const normalized = places.flatMap(place => colours[indices[place]!]!.map((v, c) => (v - mean[c]!) / std[c]!))
    return { images: Float32Array.from(normalized), places, corrupt: [] }
  },
})

const run = async (pictures: ImageFolder, channels: number, normalization: { mean: number[]; std: number[] }) => {
  const predictions: Prediction[] = []
  const seen: number[][] = []
  const network = {
    ...{ classNames: ['dark', 'bright'], image: { height: 1, width: 1, channels }, normalization },
    // The first channel of each picture, which is bright above 0.
    scores: async (images: ArrayLike<number>, [count]: readonly [number, number, number, number]) => {
      seen.push(Array.from(images))
      return Array.from({ length: count }, (_, i) => [0, images[i * channels]!]).flat()
    },
  }
  const options = {
    batchSize: 2,
    onPrediction: (one: Prediction) => predictions.push(one),
    signal: new AbortController().signal,
  }
  expect(await predictPictures(network, pictures, options)()).toEqual(right(true))
  return { predictions, seen }
}

test('every picture that can be decoded has its prediction, the most probable class first', async () => {
  const { predictions, seen } = await run(folderOf([[1, 0, 0], undefined, [0.25, 0, 0]]), 3, {
    mean: [0.5, 0, 0],
    std: [0.25, 1, 1],
  })
  expect(seen).toEqual([
    [2, 0, 0],
    [-1, 0, 0],
  ])
  // 1 / (1 + e^-2) and 1 / (1 + e^-1).
  expect(predictions.map(({ picture, classes: [first] }) => [picture, first!.class])).toEqual([
    ['0.png', 'bright'],
    ['2.png', 'dark'],
  ])
  expect(predictions.map(({ classes: [first] }) => first!.probability)).toEqual([
    expect.closeTo(0.880797, 6),
    expect.closeTo(0.731059, 6),
  ])
})

test('a network of one channel sees the luma as a byte, normalized', async () => {
  // 0.299 * 255 = 76.2, 0.587 * 255 = 149.7
  const { seen } = await run(
    folderOf([
      [1, 0, 0],
      [0, 1, 0],
    ]),
    1,
    { mean: [0.2], std: [0.5] },
  )
  expect(seen[0]).toEqual([expect.closeTo((76 / 255 - 0.2) / 0.5, 6), expect.closeTo((150 / 255 - 0.2) / 0.5, 6)])
})
