import type { Kernels } from '../kernels.js'
import { addressOf, type Engine, output, withStorage, writeWords } from './engine.js'
import type { Partials, WasmTensor } from './tensor.js'

/** Floats of a chunk of rows. */
const CHUNK = 16_384

const channelsOf = (x: WasmTensor): number => x.shape[x.shape.length - 1]!
const rowsPerChunk = (x: WasmTensor): number => Math.max(1, Math.floor(CHUNK / channelsOf(x)))

type RowKernels = Pick<Kernels<WasmTensor>, 'moments' | 'channelSums' | 'affineSum'>

/** Per-channel statistics and affine sums. A chunk is a block of rows. */
export const rowKernels = (engine: Engine): RowKernels => {
  const { threads, store } = engine

  /** The record `Rows` of assembly/normalization.ts. */
  const writeRows = (
    x: WasmTensor,
    { perChunk, chunks }: { readonly perChunk: number; readonly chunks: number },
    o: { dy?: WasmTensor; mean?: WasmTensor; partials: number; first: WasmTensor; second: WasmTensor },
  ): void => {
    const channels = channelsOf(x)
    writeWords(engine, [
      x.size / channels, channels, perChunk, chunks, addressOf(x), addressOf(o.dy), addressOf(o.mean),
      o.partials, addressOf(o.first), addressOf(o.second),
    ])
  }

  const chunksOf = (x: WasmTensor) => {
    const perChunk = rowsPerChunk(x)
    return { perChunk, chunks: Math.ceil(x.size / channelsOf(x) / perChunk) }
  }

  const channelPair = (x: WasmTensor): { first: WasmTensor; second: WasmTensor } => ({
    first: store.allocate([channelsOf(x)]),
    second: store.allocate([channelsOf(x)]),
  })

  const merged = (x: WasmTensor, { storage, chunks, rowsPerChunk: perChunk }: Partials) => {
    const pair = channelPair(x)
    writeRows(x, { perChunk, chunks }, { partials: storage.address, ...pair })
    threads.kernels.mergeMoments(threads.args)
    return { mean: pair.first, variance: pair.second }
  }

  return {
    moments(x) {
      if (x.partials) return merged(x, x.partials)
      const { perChunk, chunks } = chunksOf(x)
      return withStorage(engine, chunks * channelsOf(x) * 8, storage => {
        writeRows(x, { perChunk, chunks }, { partials: storage.address, first: x, second: x })
        threads.run('chunkMoments', chunks, x.size * 4)
        return merged(x, { storage, chunks, rowsPerChunk: perChunk })
      })
    },

    channelSums(dy, x, mean) {
      const plan = chunksOf(x)
      const pair = channelPair(x)
      withStorage(engine, plan.chunks * channelsOf(x) * 8, storage => {
        writeRows(x, plan, { dy, mean, partials: storage.address, ...pair })
        threads.run('chunkSums', plan.chunks, x.size * 4)
        threads.kernels.mergeSums(threads.args)
      })
      return { dy: pair.first, dyx: pair.second }
    },

    affineSum(terms, shift, into) {
      const [{ x }] = terms as readonly [{ readonly x: WasmTensor }]
      return output(engine, into, x.shape, y => {
        const { perChunk, chunks } = chunksOf(x)
        writeWords(engine, [
          x.size / channelsOf(x), channelsOf(x), perChunk, terms.length, addressOf(y), addressOf(into), addressOf(shift),
          ...terms.flatMap(term => [addressOf(term.x), addressOf(term.scale)]),
        ])
        threads.run('affineSum', chunks, x.size * 4 * terms.length)
      })
    },
  }
}
