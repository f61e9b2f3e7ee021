import type { Kernels } from '../kernels.js'
import { lastAxis, type ReferenceTensor, type Store } from './tensor.js'

/** Per channel, the sum of f over every axis but the last. */
const perChannel = (x: ReferenceTensor, size: number, f: (i: number, channel: number) => number): Float64Array => {
  const channels = lastAxis(x.shape)
  const sums = new Float64Array(channels)
  for (let i = 0; i < size; i++) sums[i % channels]! += f(i, i % channels)
  return sums
}

type Normalizing = Pick<
  Kernels<ReferenceTensor>,
  'moments' | 'affineSum' | 'channelSums' | 'foldNormalization' | 'foldNormalizationGrad'
>

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
  channelSums: (dy, terms) => {
    const gradient = values(dy)
    const channels = [lastAxis(dy.shape)]
    return {
      dy: make(
        perChannel(dy, gradient.length, i => gradient[i]!),
        channels,
      ),
      dyx: terms.map(({ x, mean }) => {
        const from = values(x)
        const center = values(mean)
        return make(
          perChannel(x, from.length, (i, c) => gradient[i]! * (from[i]! - center[c]!)),
          channels,
        )
      }),
    }
  },
  foldNormalization: (mean, variance, epsilon, gamma, beta) => {
    const center = values(mean)
    const factor = gamma && values(gamma)
    const addend = beta && values(beta)
    const precision = values(variance).map(v => 1 / Math.sqrt(v + epsilon))
    const scale = precision.map((p, c) => p * (factor?.[c] ?? 1))
    const shift = scale.map((s, c) => (addend?.[c] ?? 0) - center[c]! * s)
    return { precision: make(precision, mean.shape), scale: make(scale, mean.shape), shift: make(shift, mean.shape) }
  },
  foldNormalizationGrad: (mean, folded, sums, count) => {
    const center = values(mean)
    const precision = values(folded.precision)
    const sum = values(sums.dy)
    const product = values(sums.dyx)
    const share = values(folded.scale).map(s => -s / count)
    const slope = share.map((s, c) => s * precision[c]! ** 2 * product[c]!)
    const offset = share.map((s, c) => s * sum[c]! - slope[c]! * center[c]!)
    return { slope: make(slope, mean.shape), offset: make(offset, mean.shape) }
  },
})
