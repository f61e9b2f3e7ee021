import type { Backend, Normalization, Shape, WindowOptions } from '@cpnas/backends'
import type { Estimator, EstimatorName, Scale, ScaleName } from '@cpnas/binarize'
import type { CellKind, Edge } from './cell.js'

/** Size and options of a network. The architecture of its cells is a `Genotype`. */
export interface NetworkSpec {
  /** The search space of the cells: the name of one of `spaces`, or a space of your own. Default 'cp-nas'. */
  readonly space?: string | Space
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
  readonly estimator?: EstimatorName | Estimator
  /** Scale of the Child's reconstructed filters: one alpha an output channel, or one a layer. Default 'channel' (XNOR-Net). */
  readonly scale?: ScaleName | Scale
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
  /**
   * K: only the first of K equal parts of the channels enter an edge's operations; the others pass by, max-pooled where the edge halves the
   * resolution, and the channels are shuffled. A way to search in less memory: no network that is trained to its end has it. Has to
   * divide the channels. Default 1, all of them. Source: PC-DARTS (arXiv 1907.05737), K = 4.
   */
  readonly partialChannels?: number
}

/** The place of a cell in the network. */
export interface CellPlan {
  readonly index: number
  readonly kind: CellKind
  /** Channels of every node. */
  readonly channels: number
  /** Channels of the outputs of the last cell but one and of the last cell. */
  readonly inputChannels: readonly [number, number]
  /** The last cell (or the last part of the ImageNet stem) reduced, so input 0 has twice the resolution of input 1 and is reduced on entry. */
  readonly previousReduced: boolean
}

/** `child`: 1-bit weights and activations. `parent`: the same architecture in full precision. */
export type NetworkKind = 'child' | 'parent'

/** A parameter of a network. */
export interface Parameter {
  /** Name of its tensor, e.g. `cells.3.edges.5.sep_conv_3x3.depthwise`. */
  readonly name: string
  /** `vector`: gamma and beta of a normalization, the classifier's bias, PReLU slopes. */
  readonly kind: 'conv' | 'depthwise' | 'dense' | 'vector'
  /** [kh, kw, cin, cout], [kh, kw, channels], [features, classes] or [channels]. */
  readonly shape: Shape
  /** Its weights are latent weights of 1-bit filters in the Child. */
  readonly binary: boolean
}

/** How a convolution of a network computes. */
export interface ConvolutionOptions<T> extends WindowOptions {
  /** Height and width of its filters. Default 1. */
  readonly size?: number
  /** Of x, before the activation. Default: none. */
  readonly normalization?: Normalization<T>
  /** `binary`: as the network's kind, 1-bit in the Child. `float`: as in the Parent, in both. Default `binary`. */
  readonly precision?: 'binary' | 'float'
  /** What enters a product in full precision. Default 'relu'. In 1 bit it is the sign. */
  readonly activation?: 'identity' | 'relu'
}

/** The building blocks of operations, spaces and networks. Using a parameter or a statistic declares it. */
export interface Builder<T> {
  readonly backend: Backend<T>
  readonly spec: Required<NetworkSpec>
  readonly kind: NetworkKind
  /** Activation, then a convolution to so many channels, by the filters of that name. Padding keeps the size, up to the stride. */
  convolution(name: string, x: T, channels: number, options?: ConvolutionOptions<T>): T
  /** As `convolution`, one filter a channel. */
  depthwiseConvolution(name: string, x: T, options?: ConvolutionOptions<T>): T
  /** Pooling over `size` x `size` pixels. In a cell the same pooling of the same x is computed once. */
  pool(kind: 'maxPool' | 'avgPool', x: T, size: number, options?: WindowOptions): T
  /** A normalization by that name of so many channels, with NAME.gamma and NAME.beta if `learned` (default: as the spec says). */
  normalization(name: string, channels: number, learned?: boolean): Normalization<T>
  /** A parameter of so many values, e.g. slopes or thresholds. */
  vector(name: string, size: number): T
  /** x where x > 0, else slope * x, the slopes of that name (PReLU, He et al. 2015). */
  prelu(name: string, x: T): T
  /** The mean of every channel, then a linear map with a bias: logits [batch, classes]. */
  classifier(name: string, features: T): T
}

/** What an edge adds to its node; the normalization at its end is done in the node's sum. */
export interface Term<T> {
  readonly x: T
  readonly normalization?: Normalization<T>
}

/** Where an operation stands. */
export interface Place {
  /** What the names of its parameters and statistics begin with, e.g. `cells.3.edges.5.sep_conv_3x3`. */
  readonly name: string
  /** 2 on the edges of a reduction cell that halve the resolution, else 1: see `Space.reduction`. */
  readonly stride: 1 | 2
  /** Channels of the node at the edge's end. */
  readonly channels: number
}

/**
 * A candidate operation of an edge. Its forward pass defines it completely: parameters, statistics, multiply-accumulates, bits, and its
 * forms in packed and ONNX files are derived by tracing it.
 */
export interface Operation {
  /** Unique in its space; DARTS's name where it has one. Letters, digits and underscores. */
  readonly name: string
  /** One line, with its source. */
  readonly description: string
  /**
   * What it makes of the edge's first node x, [batch, height, width, channels], in the Child and in the Parent: terms of
   * [batch, height / stride (rounded up), width / stride, place.channels]. No terms stand for zeros.
   */
  readonly forward: <T>(build: Builder<T>, x: T, place: Place) => readonly Term<T>[]
}

/** A term of a node, with what multiplies it once it is normalized: a drop-path mask, the weight of an operation. */
export interface WeightedTerm<T> extends Term<T> {
  readonly factor?: T
}

/**
 * A search space: which operations compete on which edges of a cell, and how values enter a cell, meet in its nodes and leave
 * it. Cells have two inputs, the outputs of the two cells before them; the stem, the places of the reduction cells and the
 * classifier are the same in every space.
 */
export interface Space {
  /** Lower-case words with hyphens: what genotype files and options call it. */
  readonly name: string
  /** One line, with its source. */
  readonly description: string
  /** Those of these options that change its networks; the others have no effect in it. */
  readonly options: readonly SpaceOption[]
  /** The candidates of every edge, in the order that breaks ties. */
  readonly operations: readonly Operation[]
  /** Intermediate nodes of a cell. */
  readonly nodes: number
  /** In the order of genotype files, by the node at their end. */
  readonly edges: readonly Edge[]
  /** Whether reduction cells have the architecture of the normal cells, so that a genotype has the same list twice. Default false. */
  readonly sharesCell?: boolean
  /** Where a reduction cell halves the resolution: on the edges that begin at an input, which then have stride 2, or in `input`. */
  readonly reduction: 'edges' | 'inputs'
  /** Channels of the stem for the channels of the first cell (of the CIFAR stem; the ImageNet stem is DARTS's). */
  readonly stemChannels: (channels: number) => number
  /** Stride of the CIFAR stem. Default 1. */
  readonly stemStride?: 1 | 2
  /** Channels of a cell's output for the channels of its nodes. */
  readonly outputChannels: (channels: number) => number
  /** Brings a cell's input to its channels and resolution. */
  readonly input: <T>(build: Builder<T>, plan: CellPlan, input: 0 | 1, x: T) => T
  /** An intermediate node, from 0, of the terms of its edges; `nodes` are the inputs and the nodes before it. */
  readonly node: <T>(
    build: Builder<T>,
    plan: CellPlan,
    node: number,
    terms: readonly WeightedTerm<T>[],
    nodes: readonly T[],
  ) => T
  /** The cell's output, of its intermediate nodes. */
  readonly output: <T>(build: Builder<T>, nodes: readonly T[]) => T
}

/** The options of a network that only some spaces use. */
export type SpaceOption = 'sepConvRepeat' | 'prelu' | 'preprocessPrecision'

/** The sum of terms, at least one. One with a factor is normalized by itself, the others within the sum. */
export const sumOf = <T>({ backend }: Builder<T>, terms: readonly WeightedTerm<T>[]): T =>
  backend.normalizedSum(
    terms.map(term => {
      const { x, normalization, factor } = term
      if (factor === undefined) return term
      return { x: backend.mul(normalization ? backend.batchNorm(x, normalization) : x, factor) }
    }),
  )

/** Zeros in the shape of a node: [batch, height, width, channels] of a cell whose inputs are x. */
export const emptyNode = <T>({ backend }: Builder<T>, { kind, channels }: CellPlan, x: T): T => {
  const [batch = 0, height = 0, width = 0] = backend.shape(x)
  const side = (size: number): number => (kind === 'reduce' ? Math.ceil(size / 2) : size)
  return backend.full(0, [batch, side(height), side(width), channels])
}
