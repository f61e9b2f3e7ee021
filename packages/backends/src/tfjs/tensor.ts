import type { TensorInfo } from '@tensorflow/tfjs-core'
import { type Shape, sizeOf } from '../shape.js'
import type { Runtime } from './runtime.js'

/** `shape`'s values in a buffer of TensorFlow.js, from element `offset` on, row-major: several tensors may lie in one buffer. */
export interface TfjsTensor {
  readonly buffer: TensorInfo
  readonly shape: Shape
  readonly offset: number
}

/** Keeps the account of who holds which buffer. */
export interface Store {
  /** Takes over a buffer that a kernel returned. */
  make(buffer: TensorInfo, shape: Shape): TfjsTensor
  /** A further tensor in x's buffer; `offset` counts from the start of the buffer, default where x begins. */
  view(x: TfjsTensor, shape: Shape, offset?: number): TfjsTensor
  /** Whether x fills its buffer and nobody else holds it, so that x's values may be overwritten once x is not needed. */
  exclusive(x: TfjsTensor): boolean
  /** Throws if x was freed before. */
  free(x: TfjsTensor): void
  memory(): { readonly tensors: number; readonly bytes: number }
}

export const makeStore = ({ backend }: Pick<Runtime, 'backend'>): Store => {
  const live = new Set<TfjsTensor>()
  const holders = new Map<object, number>()
  let bytes = 0

  const hold = (buffer: TensorInfo, shape: Shape, offset: number): TfjsTensor => {
    const count = holders.get(buffer.dataId) ?? 0
    if (count === 0) bytes += 4 * sizeOf(buffer.shape)
    holders.set(buffer.dataId, count + 1)
    const x = { buffer, shape, offset }
    live.add(x)
    return x
  }

  return {
    make: (buffer, shape) => hold(buffer, shape, 0),
    view: (x, shape, offset = x.offset) => hold(x.buffer, shape, offset),
    exclusive: x => holders.get(x.buffer.dataId) === 1 && sizeOf(x.shape) === sizeOf(x.buffer.shape),
    free: x => {
      if (!live.delete(x)) throw new Error(`free: the tensor [${x.shape.join(', ')}] was freed before`)
      const { buffer } = x
      const count = holders.get(buffer.dataId)!
      if (count > 1) holders.set(buffer.dataId, count - 1)
      else {
        holders.delete(buffer.dataId)
        bytes -= 4 * sizeOf(buffer.shape)
        backend.disposeData(buffer.dataId, true)
      }
    },
    memory: () => ({ tensors: live.size, bytes }),
  }
}
