import type { Gradient } from '../kernels.js'
import type { Shape } from '../shape.js'

/** Per channel factors and what they apply to, of a gradient dy * scale + x * slope + offset; x is the tensor's own handle. */
export type GradientAffine<H> = NonNullable<Gradient<H>['affine']>

/** A tensor's place in a computation that is being differentiated. */
export interface Node<H> {
  readonly tape: Tape<H>
  /** The sum of the gradients received so far; owned. */
  gradient: H | undefined
  /** Set while `gradient` is not the sum itself but its dy, to be mapped by these factors (owned) once it is materialized. */
  affine: GradientAffine<H> | undefined
}

/** The tensor of `backendOf(kernels)`: an engine's handle, its shape, and a node if a gradient is to flow through it. Opaque. */
export class Tensor<H> {
  readonly handle: H
  readonly shape: Shape
  readonly node: Node<H> | undefined

  constructor(handle: H, shape: Shape, node?: Node<H>) {
    this.handle = handle
    this.shape = shape
    this.node = node
  }
}

/** One differentiable operation that was run. */
export interface Entry<H> {
  readonly output: Tensor<H>
  /** Gives the operands their gradients (by `Recorder.give`); dy and what it is to be mapped by stay the tape's. */
  readonly backward: (dy: H, affine?: GradientAffine<H>) => void
  /** Whether `backward` accepts a gradient that is not materialized; otherwise it is materialized first. */
  readonly takesAffine: boolean
  /** Handles that `backward` reads and the entry owns. */
  readonly saved: readonly H[]
  /** Tensors that `backward` reads and nobody else will. */
  readonly kept: readonly Tensor<H>[]
}

/** What one `valueAndGrad` records, and the tensors that live as long as it needs them. */
export interface Tape<H> {
  /** False from the moment the backward pass starts: the tape's tensors are constants from then on. */
  recording: boolean
  readonly entries: Entry<H>[]
  /** Operands without a node, which `backward` functions may read. */
  readonly operands: Set<Tensor<H>>
  readonly live: Set<Tensor<H>>
}

/** Every tensor in a tensor, or in nested plain arrays and records of them. */
export const tensorsIn = <H>(tree: unknown): readonly Tensor<H>[] => {
  if (tree instanceof Tensor) return [tree]
  if (Array.isArray(tree)) return tree.flatMap(tensorsIn<H>)
  if (tree === null || typeof tree !== 'object') return []
  const prototype = Object.getPrototypeOf(tree)
  return prototype === Object.prototype || prototype === null ? Object.values(tree).flatMap(tensorsIn<H>) : []
}
