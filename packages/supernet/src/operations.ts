/**
 * The K = 8 candidate operations of an edge, under their DARTS names, in the order of the published search space.
 * `none` gives zeros; `skip_connect` is the identity (at stride 2 a factorized reduction); `sep_conv` and `dil_conv` are
 * depthwise separable, `dil_conv` with dilation 2; pooling is followed by batch normalization.
 * Source: CP-NAS (arXiv 2005.00057), search space.
 */
export const operations = [
  'none',
  'skip_connect',
  'max_pool_3x3',
  'avg_pool_3x3',
  'sep_conv_3x3',
  'sep_conv_5x5',
  'dil_conv_3x3',
  'dil_conv_5x5',
] as const

/** The name of an operation. */
export type Operation = (typeof operations)[number]

/** What is fixed about a depthwise separable operation. */
export interface Separable {
  readonly size: number
  readonly dilation: number
  /** `sep_conv` only: `sepConvRepeat` applies to it. */
  readonly repeatable: boolean
}

const separables: Partial<Record<Operation, Separable>> = {
  sep_conv_3x3: { size: 3, dilation: 1, repeatable: true },
  sep_conv_5x5: { size: 5, dilation: 1, repeatable: true },
  dil_conv_3x3: { size: 3, dilation: 2, repeatable: false },
  dil_conv_5x5: { size: 5, dilation: 2, repeatable: false },
}

/** The kernel of a separable convolution; undefined for the other operations. */
export const separableOf = (operation: Operation): Separable | undefined => separables[operation]
