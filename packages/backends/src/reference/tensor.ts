import { type Shape, sizeOf } from '../shape.js'

/** A buffer of values with the number of live handles on it. */
interface Storage {
  readonly values: Float64Array
  owners: number
}

/** A handle of the reference engine: row-major float64 values, possibly shared with other handles. */
export interface ReferenceTensor {
  readonly shape: Shape
  readonly storage: Storage
  freed: boolean
}

/** Makes, reads and frees handles, and knows what is alive. Use after free and double free throw: they are mistakes of the caller. */
export interface Store {
  /** A handle that owns `values`. */
  make(values: Float64Array, shape: Shape): ReferenceTensor
  /** A second handle on the same values. */
  alias(x: ReferenceTensor, shape: Shape): ReferenceTensor
  values(x: ReferenceTensor): Float64Array
  free(x: ReferenceTensor): void
  memory(): { readonly tensors: number; readonly bytes: number }
}

export const makeStore = (): Store => {
  let tensors = 0
  let bytes = 0
  const values = (x: ReferenceTensor): Float64Array => {
    if (x.freed) throw new Error('reference: a tensor was used after it was freed')
    return x.storage.values
  }
  return {
    make: (made, shape) => {
      tensors++
      bytes += made.byteLength
      return { shape, storage: { values: made, owners: 1 }, freed: false }
    },
    alias: (x, shape) => {
      values(x)
      tensors++
      x.storage.owners++
      return { shape, storage: x.storage, freed: false }
    },
    values,
    free: x => {
      if (x.freed) throw new Error('reference: a tensor was freed twice')
      x.freed = true
      tensors--
      x.storage.owners--
      if (x.storage.owners === 0) bytes -= x.storage.values.byteLength
    },
    memory: () => ({ tensors, bytes }),
  }
}

/** Positions of all elements of a `shape` in a buffer with these strides (0 repeats an axis) and offset, in row-major order. */
export const stridedIndices = (shape: Shape, strides: readonly number[], offset = 0): Int32Array => {
  const indices = new Int32Array(sizeOf(shape)).fill(offset)
  let period = indices.length
  shape.forEach((size, axis) => {
    const inner = period / size
    for (let i = 0; i < indices.length; i++) indices[i]! += (Math.floor(i / inner) % size) * strides[axis]!
    period = inner
  })
  return indices
}

/** `values` at `indices`. */
export const gather = (values: Float64Array, indices: Int32Array): Float64Array =>
  Float64Array.from(indices, i => values[i]!)

export const lastAxis = (shape: Shape): number => shape[shape.length - 1] ?? 1
