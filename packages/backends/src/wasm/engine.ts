import type { Heap, Storage } from './heap.js'
import type { TensorStore, WasmTensor } from './tensor.js'
import type { Threads } from './threads.js'

/** What the groups of kernels are written against. */
export interface Engine {
  readonly heap: Heap
  readonly threads: Threads
  readonly store: TensorStore
}

export const addressOf = (x: WasmTensor | undefined): number => x?.storage.address ?? 0

/** Writes consecutive 32-bit words of the argument record, from word `at` on. */
export const writeWords = ({ heap, threads }: Engine, words: readonly number[], at = 0): void => {
  const start = threads.args / 4 + at
  // Faster than TypedArray.set, which copies a plain array element by generic element.
  for (let i = 0; i < words.length; i++) heap.integers[start + i] = words[i]!
}

/** Memory that lives as long as `use` runs. */
export const withStorage = <A>({ heap }: Engine, bytes: number, use: (storage: Storage) => A): A => {
  const storage = heap.allocate(bytes)
  const result = use(storage)
  heap.release(storage)
  return result
}

/** Runs `use` on a tensor of the operand's shape: the operand itself where nobody else holds its values. Consumes `into`. */
export const reuse = (
  { store }: Engine,
  into: WasmTensor | undefined,
  use: (out: WasmTensor) => void,
): WasmTensor | undefined => {
  if (!into) return undefined
  if (into.storage.references === 1 && !into.partials) {
    use(into)
    return into
  }
  const out = store.allocate(into.shape)
  use(out)
  store.free(into)
  return out
}

/** As `reuse`, with a new tensor of the given shape where there is no operand. */
export const output = (
  engine: Engine,
  into: WasmTensor | undefined,
  shape: readonly number[],
  use: (out: WasmTensor) => void,
): WasmTensor => {
  const reused = reuse(engine, into, use)
  if (reused) return reused
  const out = engine.store.allocate(shape)
  use(out)
  return out
}
