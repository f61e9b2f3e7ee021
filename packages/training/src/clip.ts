import { type Backend, sizeOf, type TensorRecord } from '@cpnas/backends'

/** The Euclidean norm of all tensors taken as one vector; shape []. */
export const globalNorm = <T>(backend: Backend<T>, tensors: readonly T[]): T => {
  const flat = backend.concat(
    tensors.map(x => backend.reshape(x, [sizeOf(backend.shape(x))])),
    0,
  )
  return backend.sqrt(backend.sum(backend.mul(flat, flat)))
}

/**
 * Gradients times min(1, maximum / (global norm + 1e-6)), PyTorch's `clip_grad_norm_`; nothing is read back. The norm is
 * summed in the order of names, so the result does not depend, not even in its last bit, on the order of the record.
 */
export const clipByGlobalNorm = <T>(
  backend: Backend<T>,
  gradients: TensorRecord<T>,
  maximum: number,
): TensorRecord<T> => {
  const entries = Object.entries(gradients)
  if (entries.length === 0) return gradients
  const names = Object.keys(gradients).sort()
  const norm = globalNorm(
    backend,
    names.map(name => gradients[name]!),
  )
  const factor = backend.min(backend.div(maximum, backend.add(norm, 1e-6)), 1)
  return Object.fromEntries(entries.map(([name, gradient]) => [name, backend.mul(gradient, factor)]))
}
