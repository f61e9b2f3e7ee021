import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu'

/** TensorFlow.js's manager of buffers, as far as its backend uses it; the fields are private in its types. */
interface BufferManager {
  numBytesUsed: number
  numBytesAllocated: number
  acquireBuffer(size: number, usage: number, mappedAtCreation?: boolean, reuse?: boolean): GPUBuffer
  releaseBuffer(buffer: GPUBuffer, reuse?: boolean): void
  dispose(): void
}

interface Pooled {
  readonly buffer: GPUBuffer
  /** In the order in which they were made. */
  readonly number: number
  readonly size: number
  /** The free ones of the same size and usage, the lowest number last. */
  readonly alike: Pooled[]
}

/** Usages are less than this. */
const USAGES = 1 << 10

/**
 * Of the free buffers of a size the one with the lowest number is used next, whatever the order in which they were freed: the same sequence
 * of operations gets the same buffers again. This needs no search among the buffers in use and no text key.
 */
export const poolBuffers = (backend: WebGPUBackend): void => {
  const { device } = backend
  const manager = backend.bufferManager as unknown as BufferManager
  const alive = new Map<GPUBuffer, Pooled>()
  const free = new Map<number, Pooled[]>()
  let made = 0

  const likeThis = (size: number, usage: number): Pooled[] => {
    const key = size * USAGES + usage
    const known = free.get(key) ?? []
    free.set(key, known)
    return known
  }

  const make = (size: number, usage: number, mappedAtCreation: boolean, alike: Pooled[]): Pooled => {
    const buffer = device.createBuffer({ size, usage, mappedAtCreation })
    manager.numBytesAllocated += size
    const pooled = { buffer, number: made++, size, alike }
    alive.set(buffer, pooled)
    return pooled
  }

  manager.acquireBuffer = (size, usage, mappedAtCreation = false, reuse = true) => {
    const alike = likeThis(size, usage)
    const { buffer } = (reuse ? alike.pop() : undefined) ?? make(size, usage, mappedAtCreation, alike)
    manager.numBytesUsed += size
    return buffer
  }

  manager.releaseBuffer = (buffer, reuse = true) => {
    const pooled = alive.get(buffer)
    // The backend was disposed of.
    if (pooled === undefined) return
    const { number, size, alike } = pooled
    manager.numBytesUsed -= size
    if (reuse) {
      let place = alike.push(pooled) - 1
      for (; place > 0 && alike[place - 1]!.number < number; place--) alike[place] = alike[place - 1]!
      alike[place] = pooled
    } else {
      alive.delete(buffer)
      buffer.destroy()
      manager.numBytesAllocated -= size
    }
  }

  manager.dispose = () => {
    for (const buffer of alive.keys()) buffer.destroy()
    alive.clear()
    free.clear()
    manager.numBytesUsed = 0
    manager.numBytesAllocated = 0
  }
}
