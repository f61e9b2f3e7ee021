import type { Kernels } from '../kernels.js'
import { addressOf, type Engine, output, withStorage, writeWords } from './engine.js'
import type { Storage } from './heap.js'
import type { Partials, WasmTensor } from './tensor.js'

/** Floats of a chunk of rows. */
const CHUNK = 16_384

export const channelsOf = (x: WasmTensor): number => x.shape[x.shape.length - 1]!

/** Blocks of rows that threads share. */
export const chunksOf = (
  x: WasmTensor,
): { readonly count: number; readonly perChunk: number; readonly chunks: number } => {
  const count = x.size / channelsOf(x)
  const perChunk = Math.max(1, Math.floor(CHUNK / channelsOf(x)))
  return { count, perChunk, chunks: Math.ceil(count / perChunk) }
}

/** The sums of dy and of dy * (x - mean) from the partial sums [chunks, 2, channels]. */
export const sumsOf = (
  { store, threads }: Engine,
  partials: Storage,
  chunks: number,
  channels: number,
  offset = 0,
): { readonly dy: WasmTensor; readonly dyx: WasmTensor } => {
  const dy = store.allocate([channels])
  const dyx = store.allocate([channels])
  threads.kernels.mergeSums(partials.address + offset, chunks, channels, addressOf(dy), addressOf(dyx))
  return { dy, dyx }
}

type RowKernels = Pick<
  Kernels<WasmTensor>,
  'moments' | 'channelSums' | 'affineSum' | 'foldNormalization' | 'foldNormalizationGrad'
>

/** Per-channel statistics and affine maps. A chunk is a block of rows. */
export const rowKernels = (engine: Engine): RowKernels => {
  const { threads, store } = engine
  const vector = (x: WasmTensor): WasmTensor => store.allocate([channelsOf(x)])

  /** The record `Rows` of assembly/moments.ts. */
  const writeRows = (x: WasmTensor, partials: Partials, mean: number, variance: number): void => {
    const channels = channelsOf(x)
    const { storage, chunks, rowsPerChunk } = partials
    writeWords(engine, [
      x.size / channels,
      channels,
      rowsPerChunk,
      chunks,
      addressOf(x),
      storage.address,
      mean,
      variance,
    ])
  }

  const merged = (x: WasmTensor, partials: Partials) => {
    const mean = vector(x)
    const variance = vector(x)
    writeRows(x, partials, addressOf(mean), addressOf(variance))
    threads.kernels.mergeMoments(threads.args)
    return { mean, variance }
  }

  return {
    moments(x) {
      if (x.partials) return merged(x, x.partials)
      const { perChunk, chunks } = chunksOf(x)
      return withStorage(engine, chunks * channelsOf(x) * 8, storage => {
        const partials = { storage, chunks, rowsPerChunk: perChunk }
        writeRows(x, partials, 0, 0)
        threads.run('chunkMoments', chunks, x.size * 4)
        return merged(x, partials)
      })
    },

    channelSums(dy, terms) {
      const channels = channelsOf(dy)
      const { count, perChunk, chunks } = chunksOf(dy)
      const bytes = chunks * channels * 8
      return withStorage(engine, terms.length * bytes, partials => {
        const operands = terms.flatMap(({ x, mean }) => [addressOf(x), addressOf(mean)])
        writeWords(engine, [
          count,
          channels,
          perChunk,
          chunks,
          addressOf(dy),
          partials.address,
          terms.length,
          ...operands,
        ])
        threads.run('chunkSums', chunks, dy.size * 4 * terms.length)
        const sums = terms.map((_, i) => sumsOf(engine, partials, chunks, channels, i * bytes))
        for (const { dy: repeated } of sums.slice(1)) store.free(repeated)
        return { dy: sums[0]!.dy, dyx: sums.map(({ dyx }) => dyx) }
      })
    },

    affineSum(terms, shift, into) {
      const { x } = terms[0]!
      return output(engine, into, x.shape, y => {
        const { count, perChunk, chunks } = chunksOf(x)
        const operands = terms.flatMap(term => [addressOf(term.x), addressOf(term.scale)])
        writeWords(engine, [
          count,
          channelsOf(x),
          perChunk,
          terms.length,
          addressOf(y),
          addressOf(into),
          addressOf(shift),
          ...operands,
        ])
        threads.run('affineSum', chunks, x.size * 4 * terms.length)
      })
    },

    foldNormalization(mean, variance, epsilon, gamma, beta) {
      const folded = { precision: vector(mean), scale: vector(mean), shift: vector(mean) }
      const [m, v, s, t] = [mean, variance, gamma, beta].map(addressOf) as [number, number, number, number]
      const [precision, scale, shift] = Object.values(folded).map(addressOf) as [number, number, number]
      threads.kernels.foldNormalization(m, v, s, t, epsilon, mean.size, precision, scale, shift)
      return folded
    },

    foldNormalizationGrad(mean, { precision, scale }, { dy, dyx }, count) {
      const slope = vector(mean)
      const offset = vector(mean)
      const [m, p, s, sum, product] = [mean, precision, scale, dy, dyx].map(addressOf) as [
        number,
        number,
        number,
        number,
        number,
      ]
      threads.kernels.foldNormalizationGrad(
        m,
        p,
        s,
        sum,
        product,
        count,
        mean.size,
        addressOf(slope),
        addressOf(offset),
      )
      return { slope, offset }
    },
  }
}
