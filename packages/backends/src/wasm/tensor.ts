import { type Shape, sizeOf } from '../shape.js'
import type { Heap, Storage } from './heap.js'

/** Per-channel mean and sum of squared distances of every chunk of rows, left behind by the kernel that made a tensor. */
export interface Partials {
  readonly storage: Storage
  readonly chunks: number
  readonly rowsPerChunk: number
}

/** A handle of the WASM engine: row-major float32 values in shared storage. */
export interface WasmTensor {
  readonly storage: Storage
  readonly shape: Shape
  readonly size: number
  readonly partials?: Partials
}

/** Allocation and release of handles, with their count. */
export const tensorStore = (heap: Heap) => {
  let tensors = 0
  return {
    allocate(shape: Shape, partials?: Partials): WasmTensor {
      const size = sizeOf(shape)
      const storage = heap.allocate(size * 4)
      tensors++
      return partials ? { storage, shape, size, partials } : { storage, shape, size }
    },
    /** Another handle on the same values. */
    alias(x: WasmTensor, shape: Shape): WasmTensor {
      x.storage.references++
      tensors++
      return { storage: x.storage, shape, size: x.size }
    },
    free(x: WasmTensor): void {
      heap.release(x.storage)
      if (x.partials) heap.release(x.partials.storage)
      tensors--
    },
    count: () => tensors,
  }
}

export type TensorStore = ReturnType<typeof tensorStore>
