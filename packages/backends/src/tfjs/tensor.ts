import { type Shape, sizeOf } from '../shape.js'
import type { Runtime, TfjsBuffer } from './runtime.js'

/** `shape`'s values in a buffer of TensorFlow.js, from element `offset` on, row-major: several tensors may lie in one buffer. */
export interface TfjsTensor {
  readonly buffer: TfjsBuffer
  readonly shape: Shape
  readonly offset: number
}

/** Tracks who holds which buffer. */
export interface Store {
  /** Takes ownership of a buffer that a kernel returned. */
  make(buffer: TfjsBuffer, shape: Shape): TfjsTensor
  /** A further tensor in x's buffer; `offset` counts from the start of the buffer, default where x begins. */
  view(x: TfjsTensor, shape: Shape, offset?: number): TfjsTensor
  /** Whether x fills its buffer and nobody else holds it, so that x's values may be overwritten once x is not needed. */
  exclusive(x: TfjsTensor): boolean
  /**
   * What `make` computes of x alone, computed once: further calls of the same `key` give views of the first result as long as
   * x's buffer is held and not overwritten. The views are the caller's.
   */
  derived(x: TfjsTensor, key: string, make: () => readonly TfjsTensor[]): readonly TfjsTensor[]
  /** Call this when the values of a buffer were overwritten: what was derived from them is no longer valid. */
  overwritten(buffer: TfjsBuffer): void
  /** Throws if x was freed before. */
  free(x: TfjsTensor): void
  memory(): { readonly tensors: number; readonly bytes: number }
}

export const makeStore = ({ backend }: Pick<Runtime, 'backend'>): Store => {
  const live = new Set<TfjsTensor>()
  const holders = new Map<object, number>()
  let bytes = 0

  const hold = (buffer: TfjsBuffer, shape: Shape, offset: number): TfjsTensor => {
    const count = holders.get(buffer.dataId) ?? 0
    if (count === 0) bytes += 4 * sizeOf(buffer.shape)
    holders.set(buffer.dataId, count + 1)
    const x = { buffer, shape, offset }
    live.add(x)
    return x
  }

  const view = (x: TfjsTensor, shape: Shape, offset = x.offset): TfjsTensor => hold(x.buffer, shape, offset)
  const derivations = new Map<object, Map<string, readonly TfjsTensor[]>>()

  const overwritten = ({ dataId }: TfjsBuffer): void => {
    const known = derivations.get(dataId)
    derivations.delete(dataId)
    for (const results of known?.values() ?? []) results.forEach(free)
  }

  const free = (x: TfjsTensor): void => {
    if (!live.delete(x)) throw new Error(`free: the tensor [${x.shape.join(', ')}] was freed before`)
    const { buffer } = x
    const count = holders.get(buffer.dataId)!
    if (count > 1) {
      holders.set(buffer.dataId, count - 1)
      return
    }
    holders.delete(buffer.dataId)
    bytes -= 4 * sizeOf(buffer.shape)
    overwritten(buffer)
    backend.disposeData(buffer.dataId, true)
  }

  return {
    make: (buffer, shape) => hold(buffer, shape, 0),
    view,
    exclusive: x => holders.get(x.buffer.dataId) === 1 && sizeOf(x.shape) === sizeOf(x.buffer.shape),
    derived: (x, key, make) => {
      const known = derivations.get(x.buffer.dataId) ?? new Map<string, readonly TfjsTensor[]>()
      derivations.set(x.buffer.dataId, known)
      const named = `${key} ${x.offset} ${x.shape.join(' ')}`
      const results = known.get(named) ?? make()
      known.set(named, results)
      return results.map(y => view(y, y.shape))
    },
    overwritten,
    free,
    memory: () => ({ tensors: live.size, bytes }),
  }
}
