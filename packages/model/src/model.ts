import type { ChannelStatistics } from '@cpnas/data'
import type { Genotype, NetworkKind, NetworkSpec } from '@cpnas/supernet'
import type { StoredTensors } from '@cpnas/training'

/** A trained network, ready to be evaluated, written and read: plain values, no engine. */
export interface Model {
  readonly spec: NetworkSpec
  readonly genotype: Genotype
  readonly kind: NetworkKind
  /** Name of class k at position k. */
  readonly classNames: readonly string[]
  /** Size of the images in pixels, and what they were normalized by. */
  readonly image: { readonly height: number; readonly width: number; readonly channels: number }
  readonly normalization: ChannelStatistics
  /** Parameters by name as the engine computes with them: the Child's 1-bit filters are reconstructed, alpha * +-1. */
  readonly parameters: StoredTensors
  /** Mean and variance of every batch normalization, as `NAME.mean` and `NAME.variance`, each [channels]. */
  readonly statistics: StoredTensors
}
