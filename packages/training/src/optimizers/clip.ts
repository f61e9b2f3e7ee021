import type { Backend, TensorRecord } from '@cpnas/backends'

/** The Euclidean norm of all tensors taken as one vector; shape []. */
export const globalNorm = <T>(backend: Backend<T>, tensors: readonly T[]): T =>
  backend.sqrt(backend.squaredNorm(tensors))

/**
 * min(1, maximum / (global norm + 1e-6)), what PyTorch's `clip_grad_norm_` multiplies all gradients by; shape [], and nothing
 * is read back. The norm is summed in the order of names, so the factor does not depend, not even in its last bit, on the
 * order of the record.
 */
export const clipFactor = <T>(backend: Backend<T>, gradients: TensorRecord<T>, maximum: number): T => {
  const names = Object.keys(gradients).sort()
  const norm = globalNorm(
    backend,
    names.map(name => gradients[name]!),
  )
  return backend.min(backend.div(maximum, backend.add(norm, 1e-6)), 1)
}
