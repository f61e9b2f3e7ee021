import type { KernelBackend, NamedAttrMap, NamedTensorInfoMap, TensorInfo } from '@tensorflow/tfjs-core'
import type { Runtime } from '../runtime.js'

type Core = typeof import('@tensorflow/tfjs-core')

/** `run` and `has` over the kernels that are registered under `registered`, on this instance of the engine. */
export const kernelRunner = (
  core: Core,
  registered: string,
  backend: KernelBackend,
  check: () => void,
): Pick<Runtime, 'run' | 'has'> => ({
  run: (kernel, inputs, attributes = {}) => {
    check()
    const found = core.getKernel(kernel, registered)
    if (!found) throw new Error(`${registered} has no kernel ${kernel}`)
    const made = found.kernelFunc({
      inputs: inputs as NamedTensorInfoMap,
      attrs: attributes as NamedAttrMap,
      backend,
    })
    if (!Array.isArray(made)) return made
    const [first, ...others] = made as [TensorInfo, ...TensorInfo[]]
    for (const other of others) backend.disposeData(other.dataId, true)
    return first
  },
  has: kernel => core.getKernel(kernel, registered) !== undefined,
})
