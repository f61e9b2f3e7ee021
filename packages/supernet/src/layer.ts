import type { Shape } from '@cpnas/backends'
import type { SlidingWindow } from './auxiliary.js'
import { type CellKind, edges, inputNodes } from './cell.js'
import type { Operation } from './operations.js'

/** `child`: 1-bit weights and activations. `parent`: the same architecture in full precision. */
export type NetworkKind = 'child' | 'parent'

/** A parameter of the network. */
export interface Layer {
  /** Name of its tensor, e.g. `cells.3.edges.5.sep_conv_3x3.depthwise`. */
  readonly name: string
  /** `vector`: gamma and beta of a normalization, the classifier's bias, PReLU slopes. */
  readonly kind: 'conv' | 'depthwise' | 'dense' | 'vector'
  /** [kh, kw, cin, cout], [kh, kw, channels], [features, classes] or [channels]. */
  readonly shape: Shape
  /** Its weights are latent weights of 1-bit filters in the Child. */
  readonly binary: boolean
  /** How often the image has been halved (rounded up) at its output; 0 for vectors and classifiers. */
  readonly halvings: number
  /** What slides over the halved image up to its output. Default: nothing; the auxiliary head's convolutions have some. */
  readonly windows?: readonly SlidingWindow[]
}

export const edgeName = (cell: number, edge: number, operation: Operation): string =>
  `cells.${cell}.edges.${edge}.${operation}`
export const inputName = (cell: number, input: number): string => `cells.${cell}.inputs.${input}`
export const nodeName = (cell: number, node: number): string => `cells.${cell}.nodes.${node}`

/** 2 on the edges of a reduction cell that begin at an input, 1 elsewhere. */
export const strideOf = (kind: CellKind, edge: number): 1 | 2 =>
  kind === 'reduce' && edges[edge]!.from < inputNodes ? 2 : 1

export const conv = (name: string, shape: Shape, binary: boolean, halvings: number): Layer => ({
  name,
  kind: shape.length === 4 ? 'conv' : 'depthwise',
  shape,
  binary,
  halvings,
})

export const vector = (name: string, size: number): Layer => ({
  name,
  kind: 'vector',
  shape: [size],
  binary: false,
  halvings: 0,
})

/** The weights and the bias of a classifier. */
export const classifier = (name: string, features: number, classes: number): readonly Layer[] => [
  { name: `${name}.weights`, kind: 'dense', shape: [features, classes], binary: false, halvings: 0 },
  vector(`${name}.bias`, classes),
]
