import type { StoredTensors } from '@cpnas/backends'
import type { ChannelStatistics } from '@cpnas/data'
import type { Genotype, NetworkKind, NetworkSpec } from '@cpnas/supernet'

/** The data that a model was trained on, without their path: the same training gives the same file wherever its data are. */
export interface TrainedOn {
  /** Name of the data set: see `datasetNames` of @cpnas/data. */
  readonly dataset: string
  /** Of all its classes and images: `fingerprintOf` of @cpnas/data. */
  readonly digest: string
  /** Of pictures of any size: the most pixels that a short side keeps before the square in the middle is taken. */
  readonly shortSide?: number
}

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
  /** Absent where it is not known. */
  readonly trainedOn?: TrainedOn
  /** Parameters by name as the engine computes with them: the Child's 1-bit filters are reconstructed, alpha * +-1. */
  readonly parameters: StoredTensors
  /** Mean and variance of every batch normalization, as `NAME.mean` and `NAME.variance`, each [channels]. */
  readonly statistics: StoredTensors
}
