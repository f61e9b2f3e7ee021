import type { Estimator, Scale } from '@cpnas/binarize'
import { type CellKind, intermediateNodes } from './cell.js'

/** Size and options of a network. The architecture of its cells is a `Genotype`. */
export interface NetworkSpec {
  /** Number of cells, at least 1. The cells at floor(cells / 3) and floor(2 * cells / 3) are reduction cells. */
  readonly cells: number
  /** Channels of the first cell's nodes; every reduction cell doubles them. The stem gives three times as many. */
  readonly channels: number
  /** Channels of the images. */
  readonly inChannels: number
  readonly classes: number
  /** How often the depthwise and pointwise pair of `sep_conv` is applied. Default 1; DARTS has 2. Not stated in the source. */
  readonly sepConvRepeat?: 1 | 2
  /**
   * PReLU (one slope a channel, 0.25 at the start) after the last batch normalization of every separable convolution of
   * the Child. Default false, as in the paper's figure; the follow-up DCP-NAS has PReLU. Its place is not stated in the source.
   */
  readonly prelu?: boolean
  /**
   * Whether the Child's preprocessing convolutions (of a cell's two inputs) are binary, or as in the Parent.
   * Default 'binary'. Not stated in the source.
   */
  readonly preprocessPrecision?: 'binary' | 'float'
  /** Straight-through estimator of the Child's activations and weights. Default 'clipped-identity'. Not stated in the source. */
  readonly estimator?: Estimator
  /** Scale of the Child's reconstructed filters: one alpha an output channel, or one a layer. Default 'channel' (XNOR-Net). */
  readonly scale?: Scale
}

/** The spec with its defaults filled in. */
export const resolveSpec = ({
  sepConvRepeat = 1,
  prelu = false,
  preprocessPrecision = 'binary',
  estimator = 'clipped-identity',
  scale = 'channel',
  ...size
}: NetworkSpec): Required<NetworkSpec> => ({ ...size, sepConvRepeat, prelu, preprocessPrecision, estimator, scale })

/** What the network's shape says about one of its cells. */
export interface CellPlan {
  readonly index: number
  readonly kind: CellKind
  /** Channels of every node. */
  readonly channels: number
  /** Channels of the outputs of the last cell but one and of the last cell. */
  readonly inputChannels: readonly [number, number]
  /** The last cell was a reduction cell, so input 0 has twice the resolution of input 1 and is reduced on entry. */
  readonly previousReduced: boolean
  /** How often the image has been halved (rounded up) at the cell's inputs, after preprocessing. */
  readonly halvings: number
}

export const stemChannels = (spec: NetworkSpec): number => 3 * spec.channels

/** The cells in order. */
export const cellPlans = (spec: NetworkSpec): readonly CellPlan[] => {
  const reductions = [Math.floor(spec.cells / 3), Math.floor((2 * spec.cells) / 3)]
  const outputs = [stemChannels(spec), stemChannels(spec)]
  const plans: CellPlan[] = []
  let { channels } = spec
  let halvings = 0
  for (let index = 0; index < spec.cells; index++) {
    const kind = reductions.includes(index) ? 'reduce' : 'normal'
    if (kind === 'reduce') channels *= 2
    plans.push({
      index,
      kind,
      channels,
      inputChannels: [outputs.at(-2)!, outputs.at(-1)!],
      previousReduced: plans.at(-1)?.kind === 'reduce',
      halvings,
    })
    outputs.push(intermediateNodes * channels)
    if (kind === 'reduce') halvings++
  }
  return plans
}
