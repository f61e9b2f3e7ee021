import type { Normalization } from '@cpnas/backends'
import type { Builder, Operation, Place, Term } from '../space.js'

/** What differs between depthwise separable convolutions. */
interface Separable {
  readonly size: number
  readonly dilation: number
  /** Whether `sepConvRepeat` applies to it. */
  readonly repeatable: boolean
}

/** A depthwise convolution and a 1x1 one, not normalized at the end. */
const pair = <T>(
  build: Builder<T>,
  { size, dilation }: Separable,
  { name, channels }: Place,
  suffix: string,
  x: T,
  stride: number,
  before?: Normalization<T>,
): T => {
  const middle = build.depthwiseConvolution(`${name}.depthwise${suffix}`, x, {
    size,
    dilation,
    stride,
    ...(before && { normalization: before }),
  })
  if (build.kind === 'parent')
    return build.convolution(`${name}.pointwise${suffix}`, middle, channels, { activation: 'identity' })
  const normalization = build.normalization(`${name}.depthwise${suffix}`, channels)
  return build.convolution(`${name}.pointwise${suffix}`, middle, channels, { normalization })
}

const forward =
  (separable: Separable) =>
  <T>(build: Builder<T>, x: T, place: Place): readonly Term<T>[] => {
    const { name, channels, stride } = place
    const { spec, kind, backend } = build
    const once = pair(build, separable, place, '', x, stride)
    const last =
      separable.repeatable && spec.sepConvRepeat === 2
        ? pair(build, separable, place, '2', once, 1, build.normalization(`${name}.pointwise`, channels))
        : once
    const end = build.normalization(name, channels)
    return kind === 'child' && spec.prelu
      ? [{ x: build.prelu(`${name}.slope`, backend.batchNorm(last, end)) }]
      : [{ x: last, normalization: end }]
  }

/**
 * A depthwise convolution, then a 1x1 one. In the Parent: ReLU, depthwise, pointwise, normalization; in the Child: sign,
 * depthwise, normalization, sign, pointwise, normalization, and PReLU if the spec has it.
 * Source: CP-NAS, figure of the Child and Parent operations; where it is silent, DARTS.
 */
const separable = (kind: 'sep' | 'dil', size: number): Operation => ({
  name: `${kind}_conv_${size}x${size}`,
  description: `depthwise separable convolution, ${size}x${size}${kind === 'dil' ? ' of dilation 2' : ''}`,
  forward: forward({ size, dilation: kind === 'dil' ? 2 : 1, repeatable: kind === 'sep' }),
})

/** Depthwise separable convolutions of 3x3 and 5x5 pixels; `sepConvRepeat` says how often the pair is applied. */
export const sepConv3x3: Operation = separable('sep', 3)
export const sepConv5x5: Operation = separable('sep', 5)
/** The same with dilation 2, applied once. */
export const dilConv3x3: Operation = separable('dil', 3)
export const dilConv5x5: Operation = separable('dil', 5)
