import type { Heap, Storage } from './heap.js'
import type { TensorStore, WasmTensor } from './tensor.js'
import type { Threads } from './threads.js'

/** What every group of kernels is given to work with. */
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

/**
 * A result of the given shape, written by `use`: into the operand `into`, which is consumed, where there is one and nobody
 * else holds its values, else into a new tensor.
 */
export const output = (
  { store }: Engine,
  into: WasmTensor | undefined,
  shape: readonly number[],
  use: (out: WasmTensor) => void,
): WasmTensor => {
  const owned = into && into.storage.references === 1 && !into.partials
  const out = owned ? into : store.allocate(shape)
  use(out)
  if (into && !owned) store.free(into)
  return out
}
