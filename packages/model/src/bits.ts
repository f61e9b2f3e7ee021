/** The signs of values in their order, eight a byte, the first in the lowest bit; 1 is +, -0 counts as negative. */
export const packSigns = (values: ArrayLike<number>): Uint8Array => {
  const bytes = new Uint8Array(Math.ceil(values.length / 8))
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    if (value > 0 || Object.is(value, 0)) bytes[i >> 3]! |= 1 << (i & 7)
  }
  return bytes
}

/** scale[i mod channels] with the sign of bit i: the values whose signs were packed. */
export const unpackSigns = (bytes: Uint8Array, scales: ArrayLike<number>, size: number): Float32Array => {
  const values = new Float32Array(size)
  for (let i = 0; i < size; i++) {
    const scale = scales[i % scales.length]!
    values[i] = (bytes[i >> 3]! >> (i & 7)) & 1 ? scale : -scale
  }
  return values
}

/** Whether the bits beyond the last value are zero, as `packSigns` leaves them. */
export const endsClean = (bytes: Uint8Array, size: number): boolean =>
  size % 8 === 0 || bytes.at(-1)! >> (size % 8) === 0
