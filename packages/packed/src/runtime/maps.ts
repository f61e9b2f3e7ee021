import type { ValueShape } from '../outline.js'

/** A value in the memory of the kernels. */
export interface MapPlace {
  readonly address: number
  /** Bytes from a pixel to the next one. */
  readonly pixel: number
  readonly height: number
  readonly width: number
  readonly channels: number
}

/** Floats come in fours. */
export const quadsOf = (channels: number): number => Math.ceil(channels / 4)

/** Sixteen outputs. */
export const groupsOf = (channels: number): number => Math.ceil(channels / 16)

/** Bytes of a pixel: so that whole pixels, or whole parts of one, are a vector. */
export const pixelBytes = (kind: ValueShape['kind'], channels: number): number => {
  if (kind === 'float') return 16 * quadsOf(channels)
  return channels <= 64 ? 2 ** Math.max(1, Math.ceil(Math.log2(channels / 8))) : 16 * Math.ceil(channels / 128)
}

export const mapBytes = ({ kind, height, width, channels }: ValueShape): number =>
  height * width * pixelBytes(kind, channels)

/** Floats with zeros after them, up to a length. */
export const padded = (values: Float32Array, length: number): Float32Array => {
  const all = new Float32Array(length)
  all.set(values)
  return all
}

/** Bit i of packed signs: 1 for +1. */
export const signAt = (signs: Uint8Array, i: number): number => (signs[i >> 3]! >> (i & 7)) & 1
