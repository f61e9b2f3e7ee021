import type { Values } from './kernels.js'
import type { Shape } from './shape.js'

/** A tensor read back from its engine, row-major. */
export interface StoredTensor {
  readonly shape: Shape
  readonly values: Values
}

/** Tensors by name. */
export type StoredTensors = Readonly<Record<string, StoredTensor>>
