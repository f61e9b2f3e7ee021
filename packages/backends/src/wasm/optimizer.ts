import { biasCorrection } from '../bias-correction.js'
import type { Kernels, ParameterUpdate, StepCoefficients } from '../kernels.js'
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

/** An optimizer's state for a parameter, by name; absent before the first update. */
type Slots<K extends string> = { readonly [name in K]?: WasmTensor | undefined }
/** A parameter after its update, and its new optimizer state. */
type Updated<K extends string> = { readonly [name in K | 'parameter']: WasmTensor }

type Optimizing = Pick<Kernels<WasmTensor>, 'squaredNorm' | 'sgdStep' | 'adamStep'>

/** The threads share the chunks of all tensors at once, each described by a record in a table. */
export const optimizerKernels = (engine: Engine): Optimizing => {
  const { heap, threads, store } = engine

  /** Calls `use` with the address of a table of records of words. */
  const withTable = <A>(records: readonly (readonly number[])[], use: (table: number) => A): A =>
    withStorage(engine, records.length * records[0]!.length * 4, ({ address }) => {
      heap.integers.set(records.flat(), address / 4)
      return use(address)
    })

  /** Runs the kernel of an optimizer with these slots, whose own coefficients are `own`, over all chunks of all parameters. */
  const step = <K extends string>(
    kernel: 'sgdStep' | 'adamStep',
    slots: readonly K[],
    updates: readonly (ParameterUpdate<WasmTensor> & Slots<K>)[],
    { learningRate, weightDecay }: StepCoefficients,
    own: readonly number[],
    factor: WasmTensor | undefined,
  ): readonly Updated<K>[] => {
    const updated = updates.map(
      ({ parameter: { shape } }) =>
        Object.fromEntries(['parameter', ...slots].map(part => [part, store.allocate(shape)])) as Updated<K>,
    )
    // The record `Update` of assembly/optimizer.ts, then that of the optimizer.
    const records = updates.flatMap((update, i) => {
      const { parameter, gradient, limit = Number.POSITIVE_INFINITY } = update
      const next = updated[i]!
      const tensors = [parameter, gradient, next.parameter, ...slots.flatMap(slot => [update[slot], next[slot]])]
      return chunksOf(parameter).map(({ start, count }) => [
        count,
        wordOf(limit),
        ...tensors.map(x => (x === undefined ? 0 : addressOf(x) + 4 * start)),
      ])
    })
    withTable(records, table => {
      writeWords(engine, [table, addressOf(factor), ...[weightDecay, learningRate, ...own].map(wordOf)])
      const work = 4 * slots.length * elements(updates.map(({ parameter }) => parameter))
      threads.run(kernel, records.length, work)
    })
    return updated
  }

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

    sgdStep: (updates, coefficients, factor) =>
      step('sgdStep', ['velocity'], updates, coefficients, [coefficients.momentum], factor),

    adamStep(updates, coefficients, factor) {
      const { beta1, beta2, epsilon, weightDecay } = coefficients
      const { rate, root } = biasCorrection(coefficients)
      const own = [beta1, 1 - beta1, beta2, 1 - beta2, root, epsilon]
      return step('adamStep', ['first', 'second'], updates, { learningRate: rate, weightDecay }, own, factor)
    },
  }
}
