import type { Kernels, ScaleGroup, SignActivation } from '../kernels.js'
import { lastAxis, type ReferenceTensor, type Store } from './tensor.js'

const estimates: Readonly<Record<SignActivation, (x: number) => number>> = {
  sign: x => (Math.abs(x) <= 1 ? 1 : 0),
  'sign-polynomial': x => Math.max(2 - 2 * Math.abs(x), 0),
}

const signOf = (x: number): number => (x >= 0 ? 1 : -1)

/** For every group the mean of f over its elements, and an element's group. */
const groupMeans = (
  x: ReferenceTensor,
  size: number,
  group: ScaleGroup,
  f: (i: number) => number,
): { readonly means: Float64Array; readonly groupOf: (i: number) => number } => {
  const groups = group === 'channel' ? lastAxis(x.shape) : 1
  const groupOf = (i: number): number => i % groups
  const sums = new Float64Array(groups)
  for (let i = 0; i < size; i++) sums[groupOf(i)]! += f(i)
  return { means: sums.map(sum => sum / (size / groups)), groupOf }
}

type ScaledSign = Pick<Kernels<ReferenceTensor>, 'scaledSign' | 'scaledSignGrad'>

export const scaledSign = ({ make, values }: Store): ScaledSign => ({
  scaledSign: (x, group) => {
    const from = values(x)
    const { means, groupOf } = groupMeans(x, from.length, group, i => Math.abs(from[i]!))
    return make(
      from.map((v, i) => signOf(v) * means[groupOf(i)]!),
      x.shape,
    )
  },
  scaledSignGrad: (dy, x, group, activation) => {
    const from = values(x)
    const gradient = values(dy)
    const { means: scales, groupOf } = groupMeans(x, from.length, group, i => Math.abs(from[i]!))
    const { means: toScale } = groupMeans(x, from.length, group, i => signOf(from[i]!) * gradient[i]!)
    return make(
      from.map(
        (v, i) => estimates[activation](v) * scales[groupOf(i)]! * gradient[i]! + signOf(v) * toScale[groupOf(i)]!,
      ),
      x.shape,
    )
  },
})
