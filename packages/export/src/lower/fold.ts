import type { Constant } from '../graph-nodes.js'
import { refuse } from '../refusal.js'
import { channelsOf } from './forms.js'

/** A 1-bit filter: an alpha for every output channel, and whether a value is that or its negative. */
export interface OneBitFilter {
  readonly alpha: Float64Array
  readonly values: Constant['values']
}

/** Refuses a filter that is not alpha * +-1. */
export const oneBitFilter = (filters: Constant, name: string): OneBitFilter => {
  const channels = channelsOf(filters)
  const { values } = filters
  const alpha = Float64Array.from(values.subarray(0, channels), Math.abs)
  const wrong = values.findIndex((value: number, i: number) => Math.abs(value) !== alpha[i % channels])
  return wrong < 0
    ? { alpha, values }
    : refuse(`has a filter ${name} that is not of 1 bit: ${values[wrong]} is not +-${alpha[wrong % channels]}`)
}

/** The signs, eight a byte, the first in the lowest bit, set for +; turned in the channels that are said to be. */
export const packSigns = (values: Constant['values'], turned?: readonly boolean[]): Uint8Array => {
  const signs = new Uint8Array(Math.ceil(values.length / 8))
  for (let i = 0; i < values.length; i++)
    if (values[i]! >= 0 !== (turned?.[i % turned.length] ?? false)) signs[i >> 3]! |= 1 << (i & 7)
  return signs
}

/** Always and never. */
const [least, most] = [-32768, 32767]

export interface Thresholds {
  readonly thresholds: Int16Array
  /** The channels whose filters have to be turned, for their sums enter with a negative factor. */
  readonly turned: readonly boolean[]
}

/**
 * sum * factor + shift >= 0 for an integer sum means sum >= ceil(-shift / factor) if the factor is positive, -sum >=
 * ceil(-shift / -factor) if it is negative, and if it is 0, always or never.
 */
export const thresholdsOf = (factors: Float64Array, shifts: Float64Array): Thresholds => ({
  thresholds: Int16Array.from(factors, (factor, c) => {
    const shift = shifts[c]!
    if (factor === 0) return shift >= 0 ? least : most
    return Math.min(most, Math.max(least, Math.ceil(-shift / Math.abs(factor))))
  }),
  turned: Array.from(factors, factor => factor < 0),
})

/** The filters times a scale an output channel. */
export const scaledFilters = ({ values }: Constant, scale: Float64Array | undefined): Float32Array =>
  Float32Array.from(values, (value, i) => value * (scale?.[i % scale.length] ?? 1))
