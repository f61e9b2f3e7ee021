/**
 * A 1-bit network as a straight line of steps. Every step makes one value; the values are numbered: 0 is the image, n the value
 * of step n - 1. A value is a float map [height, width, channels] or a bit map of the same shape, whose bits stand for +1 (set)
 * and -1. Everything is folded that can be: batch normalization and the filters' scales into `scale` and `bias`, or, where a
 * sign follows, into one integer threshold a channel.
 */

/** Number of a value. */
export type Value = number

/**
 * What slides over a map. The tap (i, j) of a window meets, for the output (y, x), the pixel
 * (y * stride + shift + dilation * (i - (size - 1) / 2), the same with x and j); pixels outside the map contribute nothing,
 * neither +1 nor -1. The output has ceil(height / stride) x ceil(width / stride) pixels.
 */
export interface Window {
  /** Odd. */
  readonly size: number
  readonly stride: number
  readonly dilation: number
  /** 1 where the factorized reduction meets the odd pixels, else 0. */
  readonly shift: 0 | 1
}

/**
 * The signs of filters, eight a byte, row-major, the first in the lowest bit, set for +1; bits after the last are 0.
 * Of a convolution [size, size, inputs, outputs], of a depthwise one [size, size, channels].
 */
export type Signs = Uint8Array

/** Sum over taps and channels of +-1 times +-1, an integer, then times `scale`. Adds to the outputs from `channel` on. */
export interface BinaryConvolutionTerm {
  readonly kind: 'binary-convolution'
  /** Bit maps of one size, taken as one whose channels are theirs in turn. */
  readonly inputs: readonly Value[]
  readonly window: Window
  readonly signs: Signs
  /** [outputs] */
  readonly scale: Float32Array
  /** The first channel of the sum that it adds to. */
  readonly channel: number
}

/** A convolution in float. */
export interface ConvolutionTerm {
  readonly kind: 'convolution'
  /** Float maps of one size, taken as one whose channels are theirs in turn. */
  readonly inputs: readonly Value[]
  readonly window: Window
  /** Whether negative inputs count as 0. */
  readonly relu: boolean
  /** [size, size, inputs, outputs] */
  readonly filters: Float32Array
  /** How many it adds to. */
  readonly outputs: number
  /** The first channel of the sum that it adds to. */
  readonly channel: number
}

/** The largest or the mean of the pixels of the map in the window, times `scale`. */
export interface PoolingTerm {
  readonly kind: 'max-pooling' | 'average-pooling'
  readonly input: Value
  readonly window: Window
  /** [channels] */
  readonly scale: Float32Array
}

/** A map as it is. */
export interface IdentityTerm {
  readonly kind: 'identity'
  readonly input: Value
}

/** What a sum is made of. */
export type Term = BinaryConvolutionTerm | ConvolutionTerm | PoolingTerm | IdentityTerm

/** `bias` plus the terms: a float map. There may be no term: then every pixel is the bias. */
export interface SumStep {
  readonly kind: 'sum'
  readonly height: number
  readonly width: number
  readonly terms: readonly Term[]
  /** [channels] */
  readonly bias: Float32Array
}

/** A bit map: set where the float map is >= 0. */
export interface SignStep {
  readonly kind: 'sign'
  readonly input: Value
}

/** A float map: x where x >= 0, else slope * x. */
export interface PreluStep {
  readonly kind: 'prelu'
  readonly input: Value
  /** [channels] */
  readonly slope: Float32Array
}

/** A bit map: set where the sum over taps and channels of +-1 times +-1 is >= the threshold of the output. */
export interface BinaryConvolutionStep {
  readonly kind: 'binary-convolution'
  readonly inputs: readonly Value[]
  readonly window: Window
  readonly signs: Signs
  /** [outputs]; from -32768, which always holds, to 32767, which never does */
  readonly thresholds: Int16Array
}

/** A bit map: set where the sum over taps, within a channel, of +-1 times +-1 is >= the threshold of the channel. */
export interface BinaryDepthwiseStep {
  readonly kind: 'binary-depthwise'
  readonly input: Value
  readonly window: Window
  readonly signs: Signs
  /** [channels], as above */
  readonly thresholds: Int16Array
}

/** Means over the pixels of the float maps, side by side, times `weights`, plus `bias`: the scores. The last step. */
export interface ClassifierStep {
  readonly kind: 'classifier'
  readonly inputs: readonly Value[]
  /** [features, classes] */
  readonly weights: Float32Array
  /** [classes] */
  readonly bias: Float32Array
}

/** A step of a program. */
export type Step = SumStep | SignStep | PreluStep | BinaryConvolutionStep | BinaryDepthwiseStep | ClassifierStep

/** Pixels of an image, and values of a pixel. */
export interface ImageSize {
  readonly height: number
  readonly width: number
  readonly channels: number
}

/** A network: an image in, scores out. */
export interface Program {
  /** Of value 0, a float map. */
  readonly image: ImageSize
  readonly steps: readonly Step[]
}

/** The metadata of a packed model. */
export interface PackedMetadata {
  /** Name of class k at position k. */
  readonly classes: readonly string[]
  /** A pixel's byte b of channel c enters as (b / 255 - mean[c]) / std[c]. */
  readonly normalization: { readonly mean: readonly number[]; readonly std: readonly number[] }
  /** The cells that it was made from: operations of the edges of both kinds, under DARTS's names. */
  readonly genotype?: { readonly normal: readonly string[]; readonly reduce: readonly string[] }
  /** The run or file that it was made from. */
  readonly source?: string
  /** The program that wrote it, and its version: `cpnas 0.1.0`. */
  readonly madeBy?: string
  /** The licence that it is published under, in any words. */
  readonly licence?: string
  /**
   * The data set that it was trained on, and the digest of its classes and images. Of pictures of any size `shortSide` is the most
   * pixels that a short side keeps before the square in the middle is taken.
   */
  readonly trainedOn?: { readonly dataset: string; readonly digest: string; readonly shortSide?: number }
}

/** A network with what it says of itself: what a packed file holds. */
export interface PackedModel {
  readonly metadata: PackedMetadata
  readonly program: Program
}
