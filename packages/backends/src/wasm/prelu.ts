import type { Kernels } from '../kernels.js'
import { addressOf, type Engine, withStorage, writeWords } from './engine.js'
import { channelsOf, chunksOf } from './rows.js'
import type { WasmTensor } from './tensor.js'

/** PReLU. A chunk is a block of rows. */
export const preluKernels = (engine: Engine): Pick<Kernels<WasmTensor>, 'prelu' | 'preluGrad'> => {
  const { threads, store } = engine

  /** The record `Prelu` of assembly/prelu.ts; `results` are its fields from y on. */
  const writePrelu = (x: WasmTensor, slope: WasmTensor, ...results: readonly number[]): void => {
    const { count, perChunk } = chunksOf(x)
    writeWords(engine, [count, channelsOf(x), perChunk, addressOf(x), addressOf(slope), ...results])
  }

  return {
    prelu(x, slope) {
      const y = store.allocate(x.shape)
      writePrelu(x, slope, addressOf(y))
      threads.run('prelu', chunksOf(x).chunks, x.size * 2)
      return y
    },
    preluGrad(dy, x, slope) {
      const { chunks } = chunksOf(x)
      const input = store.allocate(x.shape)
      const slopes = store.allocate(slope.shape)
      withStorage(engine, chunks * slopes.size * 4, partials => {
        writePrelu(x, slope, 0, addressOf(dy), addressOf(input), partials.address)
        threads.run('preluGrad', chunks, x.size * 4)
        threads.kernels.sumGroups(partials.address, chunks, slopes.size, addressOf(slopes))
      })
      return { input, slope: slopes }
    },
  }
}
