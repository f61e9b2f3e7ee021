import type { Shape } from '../shape.js'
import type { Tape } from './tape.js'

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

/** Every tensor in a tensor, or in nested plain arrays and records of them. */
export const tensorsIn = <H>(tree: unknown): readonly Tensor<H>[] => {
  if (tree instanceof Tensor) return [tree]
  if (Array.isArray(tree)) return tree.flatMap(tensorsIn<H>)
  if (tree === null || typeof tree !== 'object') return []
  const prototype = Object.getPrototypeOf(tree)
  return prototype === Object.prototype || prototype === null ? Object.values(tree).flatMap(tensorsIn<H>) : []
}
