import type { Shape } from '../shape.js'

/** A tensor's place in a computation that is being differentiated. */
export interface Node<H> {
  readonly tape: Tape<H>
  /** The sum of the gradients received so far; owned. */
  gradient: H | undefined
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
  /** Gives the operands their gradients (by `Recorder.give`); dy stays the tape's. */
  readonly backward: (dy: H) => void
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
