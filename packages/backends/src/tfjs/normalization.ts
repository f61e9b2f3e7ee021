import type { TensorInfo } from '@tensorflow/tfjs-core'
import type { Kernels } from '../kernels.js'
import { type Shape, sizeOf } from '../shape.js'
import type { Composer } from './compose.js'
import type { Operations } from './operations.js'
import type { TfjsTensor } from './tensor.js'

const channelsOf = (shape: Shape): number => shape.at(-1) ?? 1

/** Per channel, the sum over every axis but the last. */
export const overRows = (o: Operations, x: TensorInfo): TensorInfo => {
  const channels = channelsOf(x.shape)
  return o.sum(o.reshape(x, [sizeOf(x.shape) / channels, channels]), [0])
}

/** sum_i scale_i * x_i + shift. */
export const affine = (
  o: Operations,
  terms: readonly { readonly x: TfjsTensor; readonly scale?: TfjsTensor }[],
  shift: TfjsTensor | undefined,
): TensorInfo => {
  const total = terms
    .map(({ x, scale }) => (scale === undefined ? o.of(x) : o.mul(o.of(x), o.of(scale))))
    .reduce((a, b) => o.add(a, b))
  return shift === undefined ? total : o.add(total, o.of(shift))
}

/** Per channel, sum(dy * (x - mean)). */
export const dotChannels = (o: Operations, dy: TensorInfo, x: TensorInfo, mean: TensorInfo): TensorInfo =>
  overRows(o, o.mul(dy, o.sub(x, mean)))

type Normalizing = Pick<
  Kernels<TfjsTensor>,
  'moments' | 'affineSum' | 'channelSums' | 'foldNormalization' | 'foldNormalizationGrad'
>

export const normalizing = ({ compose, composeAll, store }: Composer): Normalizing => ({
  moments: x =>
    composeAll(o => {
      const channels = channelsOf(x.shape)
      const count = o.scalar(sizeOf(x.shape) / channels)
      const mean = o.div(overRows(o, o.of(x)), count)
      const centered = o.sub(o.of(x), mean)
      return { mean, variance: o.div(overRows(o, o.mul(centered, centered)), count) }
    }),
  affineSum: (terms, shift, into) => {
    if (terms.length === 1 && terms[0]!.scale === undefined && shift === undefined && into === undefined)
      return store.view(terms[0]!.x, terms[0]!.x.shape)
    const total = compose(o => {
      const sum = affine(o, terms, shift)
      return into === undefined ? sum : o.add(o.of(into), sum)
    })
    if (into !== undefined) store.free(into)
    return total
  },
  channelSums: (dy, terms) => {
    const sums = composeAll(o => ({
      dy: overRows(o, o.of(dy)),
      ...Object.fromEntries(terms.map(({ x, mean }, i) => [i, dotChannels(o, o.of(dy), o.of(x), o.of(mean))])),
    })) as Readonly<Record<string, TfjsTensor>>
    return { dy: sums.dy!, dyx: terms.map((_, i) => sums[i]!) }
  },
  foldNormalization: (mean, variance, epsilon, gamma, beta) =>
    composeAll(o => {
      const precision = o.div(o.scalar(1), o.unary('Sqrt', o.add(o.of(variance), o.scalar(epsilon))))
      const scale = gamma === undefined ? precision : o.mul(precision, o.of(gamma))
      const moved = o.mul(o.of(mean), scale)
      return { precision, scale, shift: beta === undefined ? o.unary('Neg', moved) : o.sub(o.of(beta), moved) }
    }),
  foldNormalizationGrad: (mean, folded, sums, count) =>
    composeAll(o => {
      const precision = o.of(folded.precision)
      const share = o.div(o.of(folded.scale), o.scalar(-count))
      const slope = o.mul(o.mul(share, o.mul(precision, precision)), o.of(sums.dyx))
      return { slope, offset: o.sub(o.mul(share, o.of(sums.dy)), o.mul(slope, o.of(mean))) }
    }),
})
