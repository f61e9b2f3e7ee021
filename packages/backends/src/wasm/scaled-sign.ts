import type { Kernels, ScaleGroup } from '../kernels.js'
import { addressOf, type Engine } from './engine.js'
import type { WasmTensor } from './tensor.js'
import { activationNumber } from './window.js'

type ScaledSign = Pick<Kernels<WasmTensor>, 'scaledSign' | 'scaledSignGrad'>

export const scaledSignKernels = ({ threads, store }: Engine): ScaledSign => {
  const grouping = (x: WasmTensor, group: ScaleGroup) => {
    const channels = x.shape[x.shape.length - 1]!
    return [x.size / channels, channels, group === 'layer' ? 1 : 0] as const
  }
  return {
    scaledSign(x, group) {
      const y = store.allocate(x.shape)
      threads.kernels.scaledSign(addressOf(x), ...grouping(x, group), addressOf(y))
      return y
    },
    scaledSignGrad(dy, x, group, activation) {
      const dx = store.allocate(x.shape)
      const mode = activationNumber[activation]
      threads.kernels.scaledSignGrad(mode, addressOf(dy), addressOf(x), ...grouping(x, group), addressOf(dx))
      return dx
    },
  }
}
