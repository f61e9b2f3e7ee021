// The engines as the benchmarks open them, with what their devices tell.
import { backendOf, openWebgpu, printAdapter, resolveBackend, tfjsKernels, webgpuKernels } from '@cpnas/backends'
import { formatError } from '@cpnas/core'

const rightOf = either => {
  if (either._tag === 'Right') return either.right
  console.error(formatError(either.left))
  process.exit(1)
}

/** `composed`: TensorFlow.js's kernels alone, to see what ours save. */
const openWebgpuEngine = async composed => {
  const runtime = rightOf(await openWebgpu())
  const counting = webgpuKernels(runtime)
  return {
    backend: backendOf(composed ? tfjsKernels(runtime) : counting),
    dispatches: counting.dispatches,
    device: () => runtime.backend.memory(),
    description: printAdapter(runtime.adapter),
  }
}

/** Opens an engine of this name; ends the process with a message where that cannot be. */
export const openEngine = async (name, { threads, composed = false } = {}) => {
  if (name === 'tfjs-webgpu') return openWebgpuEngine(composed)
  const { backend, reason } = rightOf(await resolveBackend(name, threads ? { threads } : {})())
  return { backend, dispatches: () => Number.NaN, device: () => ({}), description: reason }
}
