import type { Kernels } from '../kernels.js'
import { addressOf, type Engine, withStorage, writeWords } from './engine.js'
import type { WasmTensor } from './tensor.js'

/** Elements of a chunk, which lies within one tensor. */
const CHUNK = 16_384

/** Where the chunks of a tensor start, in elements, with their numbers of elements. */
const chunksOf = ({ size }: WasmTensor): readonly { readonly start: number; readonly count: number }[] =>
  Array.from({ length: Math.ceil(size / CHUNK) }, (_, i) => ({
    start: i * CHUNK,
    count: Math.min(CHUNK, size - i * CHUNK),
  }))

const elements = (xs: readonly WasmTensor[]): number => xs.reduce((sum, x) => sum + x.size, 0)

const float = new Float32Array(1)
const floatBits = new Int32Array(float.buffer)
/** A float32 as the word that holds it. */
const wordOf = (value: number): number => {
  float[0] = value
  return floatBits[0]!
}

/** The threads share the chunks of all tensors at once, each described by a record in a table. */
export const optimizerKernels = (engine: Engine): Pick<Kernels<WasmTensor>, 'squaredNorm' | 'sgdStep'> => {
  const { heap, threads, store } = engine

  /** Calls `use` with the address of a table of records of words. */
  const withTable = <A>(records: readonly (readonly number[])[], use: (table: number) => A): A =>
    withStorage(engine, records.length * records[0]!.length * 4, ({ address }) => {
      heap.integers.set(records.flat(), address / 4)
      return use(address)
    })

  return {
    squaredNorm(xs) {
      const y = store.allocate([])
      // The record `Squares` of assembly/optimizer.ts.
      const records = xs.flatMap(x => chunksOf(x).map(({ start, count }) => [count, addressOf(x) + 4 * start, 0]))
      withTable(records, table => {
        writeWords(engine, [table])
        threads.run('squares', records.length, elements(xs))
        heap.floats[addressOf(y) / 4] = records.reduce((sum, _, i) => sum + heap.floats[table / 4 + 3 * i + 2]!, 0)
      })
      return y
    },

    sgdStep(updates, { learningRate, momentum, weightDecay }, factor) {
      const updated = updates.map(({ parameter: { shape } }) => ({
        parameter: store.allocate(shape),
        velocity: store.allocate(shape),
      }))
      // The record `Update` of assembly/optimizer.ts.
      const records = updates.flatMap(({ parameter, gradient, velocity, limit = Number.POSITIVE_INFINITY }, i) =>
        chunksOf(parameter).map(({ start, count }) => [
          count,
          wordOf(limit),
          addressOf(parameter) + 4 * start,
          addressOf(gradient) + 4 * start,
          velocity ? addressOf(velocity) + 4 * start : 0,
          addressOf(updated[i]!.parameter) + 4 * start,
          addressOf(updated[i]!.velocity) + 4 * start,
        ]),
      )
      withTable(records, table => {
        writeWords(engine, [table, addressOf(factor), ...[learningRate, momentum, weightDecay].map(wordOf)])
        threads.run('sgdStep', records.length, 4 * elements(updates.map(({ parameter }) => parameter)))
      })
      return updated
    },
  }
}
