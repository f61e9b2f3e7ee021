import type { Backend, TensorRecord } from './backend.js'
import type { Values } from './kernels.js'
import type { Shape } from './shape.js'

/** A tensor read back from its engine, row-major. */
export interface StoredTensor {
  readonly shape: Shape
  readonly values: Values
}

/** Tensors by name. */
export type StoredTensors = Readonly<Record<string, StoredTensor>>

/** The values of tensors by name. */
export const readTensors = async <T>(backend: Backend<T>, tensors: TensorRecord<T>): Promise<StoredTensors> => {
  const stored: Record<string, StoredTensor> = {}
  for (const [name, x] of Object.entries(tensors))
    stored[name] = { shape: backend.shape(x), values: await backend.read(x) }
  return stored
}
