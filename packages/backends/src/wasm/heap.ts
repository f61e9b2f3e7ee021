import { cpnasError } from '@cpnas/core'
import { DeviceError } from '../errors.js'

const ALIGNMENT = 64
/** Kernels may read this far past an operand's end (a vector, or a row of a register block). */
const OVERREAD = 64
const PAGE = 65536
/** The module's own constants lie below. */
const BASE = PAGE
/** 4 GiB, the most that WebAssembly addresses; where less address space can be reserved (`ulimit -v`, containers), half of it, and so on. */
const MAXIMUM_PAGES = 65536
const LEAST_MAXIMUM_PAGES = 4096
/** Growth is in steps, since each replaces the views. */
const GROWTH_PAGES = 256

/** A part of the memory that tensors share; it is released with the last of them. */
export interface Storage {
  readonly address: number
  readonly bytes: number
  references: number
}

const mebibytes = (pages: number): number => (pages * PAGE) / 2 ** 20

interface Reserved {
  readonly memory: WebAssembly.Memory
  readonly maximum: number
}

const reserve = (maximum: number): Reserved => {
  try {
    return { memory: new WebAssembly.Memory({ initial: 16, maximum, shared: true }), maximum }
  } catch {
    if (maximum / 2 >= LEAST_MAXIMUM_PAGES) return reserve(maximum / 2)
    throw new DeviceError(
      cpnasError(
        'BackendUnavailable',
        'wasm',
        `${mebibytes(maximum)} MiB of address space cannot be reserved`,
        'Raise the limit on the address space (ulimit -v) or the memory of the container',
      ),
    )
  }
}

/**
 * First-fit allocator over one growing WebAssembly memory. Free blocks are kept by address and merged with their
 * neighbours, so a training step that allocates what the last one did ends with the memory as it was.
 */
export class Heap {
  readonly memory: WebAssembly.Memory
  readonly #maximum: number
  floats: Float32Array<ArrayBufferLike>
  integers: Int32Array<ArrayBufferLike>
  /** Bytes in live storages. */
  live = 0
  readonly #addresses: number[] = [BASE]
  readonly #sizes: number[]

  /** @param maximumPages Of 64 KiB; halved until so much address space can be reserved. */
  constructor(maximumPages = MAXIMUM_PAGES) {
    const { memory, maximum } = reserve(maximumPages)
    this.memory = memory
    this.#maximum = maximum
    this.floats = new Float32Array(memory.buffer)
    this.integers = new Int32Array(memory.buffer)
    this.#sizes = [memory.buffer.byteLength - BASE]
  }

  allocate(bytes: number): Storage {
    const size = Math.ceil((bytes + OVERREAD) / ALIGNMENT) * ALIGNMENT
    let i = this.#sizes.findIndex(free => free >= size)
    if (i < 0) i = this.#grow(size)
    const address = this.#addresses[i]!
    const left = this.#sizes[i]! - size
    if (left > 0) {
      this.#addresses[i] = address + size
      this.#sizes[i] = left
    } else {
      this.#addresses.splice(i, 1)
      this.#sizes.splice(i, 1)
    }
    this.live += size
    return { address, bytes: size, references: 1 }
  }

  release(storage: Storage): void {
    if (storage.references < 1) throw new Error('a tensor was freed twice')
    storage.references--
    if (storage.references > 0) return
    this.live -= storage.bytes
    this.#insert(storage.address, storage.bytes)
  }

  #insert(address: number, size: number): number {
    const addresses = this.#addresses
    const sizes = this.#sizes
    let low = 0
    let high = addresses.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (addresses[middle]! < address) low = middle + 1
      else high = middle
    }
    const joinsPrevious = low > 0 && addresses[low - 1]! + sizes[low - 1]! === address
    const joinsNext = low < addresses.length && address + size === addresses[low]
    if (joinsPrevious) {
      sizes[low - 1]! += size
      if (joinsNext) {
        sizes[low - 1]! += sizes[low]!
        addresses.splice(low, 1)
        sizes.splice(low, 1)
      }
      return low - 1
    }
    if (joinsNext) {
      addresses[low] = address
      sizes[low]! += size
    } else {
      addresses.splice(low, 0, address)
      sizes.splice(low, 0, size)
    }
    return low
  }

  #grow(size: number): number {
    const end = this.memory.buffer.byteLength
    const last = this.#addresses.length - 1
    const open = last >= 0 && this.#addresses[last]! + this.#sizes[last]! === end ? this.#sizes[last]! : 0
    const needed = Math.ceil((size - open) / PAGE)
    const pages = Math.min(Math.max(needed, GROWTH_PAGES), this.#maximum - end / PAGE)
    if (pages < needed || !this.#extend(pages))
      throw new DeviceError(
        cpnasError(
          'DeviceFailed',
          'wasm',
          `the tensors do not fit its memory of ${mebibytes(pages < needed ? this.#maximum : end / PAGE)} MiB`,
          'Use a smaller batch, image or network',
        ),
      )
    this.floats = new Float32Array(this.memory.buffer)
    this.integers = new Int32Array(this.memory.buffer)
    return this.#insert(end, pages * PAGE)
  }

  #extend(pages: number): boolean {
    try {
      this.memory.grow(pages)
      return true
    } catch {
      return false
    }
  }
}
