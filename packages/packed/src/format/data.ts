import { fail } from '../errors.js'
import type { TensorRule } from '../rules.js'

export type TypedArray = Uint8Array | Int16Array | Float32Array

interface TypedArrayConstructor {
  readonly BYTES_PER_ELEMENT: number
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): TypedArray
}

const types: Readonly<Record<TensorRule['type'], TypedArrayConstructor>> = { Uint8Array, Int16Array, Float32Array }

const aligned = (offset: number, bytes: number): number => Math.ceil(offset / bytes) * bytes

/** Where a tensor begins if the one before it ends at `offset`, and where it ends: at a multiple of its elements' size. */
export const placed = (offset: number, { type, length }: TensorRule): readonly [number, number] => {
  const size = types[type].BYTES_PER_ELEMENT
  const start = aligned(offset, size)
  return [start, start + length * size]
}

/**
 * Takes tensors off the data in turn. They are views of the bytes; where those do not lie at a multiple of 4, of one copy of all.
 * `left` is how many bytes have not been taken.
 */
export const tensorReader = (given: Uint8Array) => {
  const data = given.byteOffset % 4 === 0 ? given : new Uint8Array(given)
  let offset = 0
  return {
    take: (rule: TensorRule, where: string): TypedArray => {
      const [start, end] = placed(offset, rule)
      if (end > data.length)
        fail('DataTooShort', `${where}: its ${rule.name} end at byte ${end} of data that are ${data.length} bytes long`)
      if (data.subarray(offset, start).some(byte => byte !== 0))
        fail('PaddingNotZero', `${where}: before its ${rule.name}, bytes ${offset} to ${start} of the data must be 0`)
      offset = end
      return new types[rule.type](data.buffer, data.byteOffset + start, rule.length)
    },
    left: (): number => data.length - offset,
  }
}
