import type { Estimator, Scale } from '@cpnas/binarize'
import { type CellKind, intermediateNodes } from './cell.js'

/** Size and options of a network. The architecture of its cells is a `Genotype`. */
export interface NetworkSpec {
  /** Number of cells, at least 1. The cells at floor(cells / 3) and floor(2 * cells / 3) are reduction cells. */
  readonly cells: number
  /** Channels of the first cell's nodes; every reduction cell doubles them. The stem of CIFAR gives three times as many. */
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
  /**
   * Whether the cells' batch normalizations have a scale and a shift to learn (gamma, beta), as in DARTS's final network;
   * default false, as in its search. Those of pooling never have: DARTS normalizes pooling in the search only and without
   * them; here it is normalized in both, so that a found network begins as the function that was searched. The stem's and
   * the auxiliary head's always have. Not stated in the source.
   */
  readonly affine?: boolean
  /**
   * `cifar`: one 3x3 convolution to 3 * `channels`, at the images' resolution. `imagenet`: three of stride 2 to `channels`;
   * the first cell takes the outputs of the second (a quarter of the resolution, halved once more on entry) and of the
   * third (an eighth), and needs 2 `channels` or more. Float in both kinds. Default 'cifar'. Source: DARTS.
   */
  readonly stem?: 'cifar' | 'imagenet'
  /**
   * Whether the network has an auxiliary classifier after the second reduction cell, for training only: see
   * `ForwardMode.auxiliary`. Default false. Not stated in the source; DARTS has one in its final training.
   */
  readonly auxiliary?: boolean
}

/** What a network needs to know of the data. */
export interface DataFacts {
  /** Of the images. */
  readonly channels: number
  readonly classNames: readonly string[]
}

/**
 * The network that a configuration asks for, on the images of a data set. What a configuration does not speak of is left to
 * the defaults.
 */
export const specFor = (
  {
    cells,
    channels,
    sepConvRepeat,
    prelu,
    preprocessPrecision,
    estimator,
    scale,
  }: Required<
    Pick<NetworkSpec, 'cells' | 'channels' | 'sepConvRepeat' | 'prelu' | 'preprocessPrecision' | 'estimator' | 'scale'>
  >,
  data: DataFacts,
): NetworkSpec => ({
  cells,
  channels,
  inChannels: data.channels,
  classes: data.classNames.length,
  sepConvRepeat,
  prelu,
  preprocessPrecision,
  estimator,
  scale,
})

/** The spec with its defaults filled in. */
export const resolveSpec = ({
  sepConvRepeat = 1,
  prelu = false,
  preprocessPrecision = 'binary',
  estimator = 'clipped-identity',
  scale = 'channel',
  affine = false,
  stem = 'cifar',
  auxiliary = false,
  ...size
}: NetworkSpec): Required<NetworkSpec> => ({
  ...size,
  sepConvRepeat,
  prelu,
  preprocessPrecision,
  estimator,
  scale,
  affine,
  stem,
  auxiliary,
})

/** What the network's shape says about one of its cells. */
export interface CellPlan {
  readonly index: number
  readonly kind: CellKind
  /** Channels of every node. */
  readonly channels: number
  /** Channels of the outputs of the last cell but one and of the last cell. */
  readonly inputChannels: readonly [number, number]
  /** The last cell (or the last part of the ImageNet stem) reduced, so input 0 has twice the resolution of input 1 and is reduced on entry. */
  readonly previousReduced: boolean
  /** How often the image has been halved (rounded up) at the cell's inputs, after preprocessing. */
  readonly halvings: number
}

/** A convolution of the stem, 3x3 and normalized. */
export interface StemPlan {
  readonly name: string
  readonly inChannels: number
  readonly channels: number
  readonly stride: 1 | 2
}

/** The convolutions of the stem in order. The outputs of the last two (of the only one, twice) enter the first cell. */
export const stemPlans = ({
  stem = 'cifar',
  inChannels,
  channels,
}: NetworkSpec): readonly [StemPlan, ...StemPlan[]] => {
  if (stem === 'cifar') return [{ name: 'stem', inChannels, channels: 3 * channels, stride: 1 }]
  const half = Math.max(1, Math.floor(channels / 2))
  return [
    { name: 'stem.0', inChannels, channels: half, stride: 2 },
    { name: 'stem.1', inChannels: half, channels, stride: 2 },
    { name: 'stem.2', inChannels: channels, channels, stride: 2 },
  ]
}

/** Index of the cell that the auxiliary head reads: the second reduction cell, which in a network of one cell is the first. */
export const auxiliaryCell = (spec: NetworkSpec): number => Math.floor((2 * spec.cells) / 3)

/** The cells in order. */
export const cellPlans = (spec: NetworkSpec): readonly CellPlan[] => {
  const reductions = [Math.floor(spec.cells / 3), Math.floor((2 * spec.cells) / 3)]
  const stems = stemPlans(spec)
  const last = stems.at(-1)!
  const outputs = [last.channels, last.channels]
  const plans: CellPlan[] = []
  let { channels } = spec
  let halvings = stems.filter(({ stride }) => stride === 2).length
  for (let index = 0; index < spec.cells; index++) {
    const kind = reductions.includes(index) ? 'reduce' : 'normal'
    if (kind === 'reduce') channels *= 2
    plans.push({
      index,
      kind,
      channels,
      inputChannels: [outputs.at(-2)!, outputs.at(-1)!],
      previousReduced: index === 0 ? last.stride === 2 : plans[index - 1]!.kind === 'reduce',
      halvings,
    })
    outputs.push(intermediateNodes * channels)
    if (kind === 'reduce') halvings++
  }
  return plans
}
