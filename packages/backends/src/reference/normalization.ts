import type { Kernels } from '../kernels.js'
import { lastAxis, type ReferenceTensor, type Store } from './tensor.js'

/** Per channel, the sum of f over every axis but the last. */
const perChannel = (x: ReferenceTensor, size: number, f: (i: number, channel: number) => number): Float64Array => {
  const channels = lastAxis(x.shape)
  const sums = new Float64Array(channels)
  for (let i = 0; i < size; i++) sums[i % channels]! += f(i, i % channels)
  return sums
}

type Normalizing = Pick<Kernels<ReferenceTensor>, 'moments' | 'affineSum' | 'channelSums'>

export const normalizing = ({ make, values, free }: Store): Normalizing => ({
  moments: x => {
    const from = values(x)
    const channels = lastAxis(x.shape)
    const count = from.length / channels
    const mean = perChannel(x, from.length, i => from[i]!).map(sum => sum / count)
    const variance = perChannel(x, from.length, (i, c) => (from[i]! - mean[c]!) ** 2).map(sum => sum / count)
    return { mean: make(mean, [channels]), variance: make(variance, [channels]) }
  },
  affineSum: (terms, shift, into) => {
    const { shape } = terms[0]!.x
    const channels = lastAxis(shape)
    const addends = terms.map(({ x, scale }) => ({ x: values(x), scale: scale && values(scale) }))
    const constant = shift && values(shift)
    const before = into && values(into)
    const total = values(terms[0]!.x).map((_, i) =>
      addends.reduce(
        (sum, { x, scale }) => sum + x[i]! * (scale?.[i % channels] ?? 1),
        (constant?.[i % channels] ?? 0) + (before?.[i] ?? 0),
      ),
    )
    if (into !== undefined) free(into)
    return make(total, shape)
  },
  channelSums: (dy, x, mean) => {
    const gradient = values(dy)
    const from = values(x)
    const center = values(mean)
    const channels = [center.length]
    return {
      dy: make(
        perChannel(x, from.length, i => gradient[i]!),
        channels,
      ),
      dyx: make(
        perChannel(x, from.length, (i, c) => gradient[i]! * (from[i]! - center[c]!)),
        channels,
      ),
    }
  },
})
