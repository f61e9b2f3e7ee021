import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { CpnasError } from '@cpnas/core'
import { memoryDataset, type RecordDataset } from '@cpnas/data'
import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { afterEach, beforeEach } from 'vitest'

/** A directory of its own for every test of a file. */
export const useDirectory = (): (() => string) => {
  let dir = ''
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'cpnas-data-'))
  })
  afterEach(() => rmSync(dir, { recursive: true, force: true }))
  return () => dir
}

export const succeed = async <A>(task: TaskEither<CpnasError, A>): Promise<A> => {
  const result = await task()
  if (E.isLeft(result)) throw new Error(JSON.stringify(result.left))
  return result.right
}

export const fail = async <A>(task: TaskEither<CpnasError, A>): Promise<CpnasError> => {
  const result = await task()
  if (E.isRight(result)) throw new Error('expected a failure')
  return result.left
}

export const write = (dir: string, files: Readonly<Record<string, Uint8Array>>): void => {
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(dir, name), bytes)
}

/** Pixel (y, x, c) of image i: every one of them tells where it is from. */
const pixel = (i: number, y: number, x: number, c: number): number => (i * 101 + y * 37 + x * 5 + c * 59) & 255

/** Image i in the order of `read`. */
export const expectedImage = (i: number, height: number, width: number, channels: number): number[] =>
  Array.from({ length: height * width * channels }, (_, p) =>
    pixel(i, Math.floor(p / channels / width), Math.floor(p / channels) % width, p % channels),
  )

/** Records of the official CIFAR layout, of images first, first + 1, ... */
export const cifarFile = (labels: readonly (readonly number[])[], first = 0): Uint8Array =>
  Uint8Array.from(
    labels.flatMap((bytes, i) => [
      ...bytes,
      ...Array.from({ length: 3072 }, (_, p) =>
        pixel(first + i, Math.floor(p / 32) % 32, p % 32, Math.floor(p / 1024)),
      ),
    ]),
  )

const bigEndian = (n: number): readonly number[] => [n >>> 24, (n >> 16) & 255, (n >> 8) & 255, n & 255]

export const idxLabels = (labels: readonly number[]): Uint8Array =>
  Uint8Array.from([0, 0, 8, 1, ...bigEndian(labels.length), ...labels])

export const idxImages = (count: number, height = 28, width = 28): Uint8Array =>
  Uint8Array.from([
    ...[0, 0, 8, 3, ...bigEndian(count), ...bigEndian(height), ...bigEndian(width)],
    ...Array.from({ length: count }, (_, i) => expectedImage(i, height, width, 1)).flat(),
  ])

export const trainLabels = [9, 0, 0, 3, 0, 2, 7, 2, 5, 5, 1]
export const testLabels = [1, 2]

/** A small data set in the layout of Fashion-MNIST. */
export const idxFiles = (): Record<string, Uint8Array> => ({
  'train-images-idx3-ubyte': idxImages(trainLabels.length),
  'train-labels-idx1-ubyte': idxLabels(trainLabels),
  't10k-images-idx3-ubyte': idxImages(testLabels.length),
  't10k-labels-idx1-ubyte': idxLabels(testLabels),
})

export const gzipped = (files: Readonly<Record<string, Uint8Array>>): Record<string, Uint8Array> =>
  Object.fromEntries(Object.entries(files).map(([name, bytes]) => [`${name}.gz`, gzipSync(bytes)]))

/** Images of pixels as above in memory. */
export const dataset = (labels: readonly number[], height = 4, width = 5, channels = 3, classes = 10): RecordDataset =>
  memoryDataset(
    {
      name: 'test',
      height,
      width,
      channels,
      classNames: Array.from({ length: classes }, (_, k) => `class ${k}`),
      labels: Uint8Array.from(labels),
      statistics: { mean: new Array(channels).fill(0.5), std: new Array(channels).fill(0.25) },
    },
    Uint8Array.from(labels.flatMap((_, i) => expectedImage(i, height, width, channels))),
  )

export const readImages = (from: RecordDataset, indices: readonly number[]): number[] => {
  const bytes = new Uint8Array(indices.length * from.height * from.width * from.channels)
  from.read(indices, bytes)
  return [...bytes]
}
