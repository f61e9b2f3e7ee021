import type { Kernels } from '../kernels.js'
import { addressOf, type Engine } from './engine.js'
import type { WasmTensor } from './tensor.js'

type Parts = Pick<Kernels<WasmTensor>, 'binary' | 'linearCombination' | 'concat' | 'sum'>

export const optimizerKernels = (
  { heap, store }: Engine,
  k: Parts,
): Pick<Kernels<WasmTensor>, 'squaredNorm' | 'sgdStep'> => {
  /** The last handle, the others freed. */
  const last = (...handles: readonly [WasmTensor, ...WasmTensor[]]): WasmTensor => {
    for (const handle of handles.slice(0, -1)) store.free(handle)
    return handles.at(-1)!
  }
  const clamp = (x: WasmTensor, limit: number): WasmTensor => {
    const [high, low] = [store.allocate([]), store.allocate([])]
    heap.floats[addressOf(high) / 4] = limit
    heap.floats[addressOf(low) / 4] = -limit
    const below = k.binary('min', x, high)
    return last(x, high, below, low, k.binary('max', below, low))
  }
  return {
    squaredNorm(xs) {
      const flat = xs.map(x => store.alias(x, [x.size]))
      const all = k.concat(flat, 0)
      const squares = k.binary('mul', all, all)
      return last(...(flat as [WasmTensor]), all, squares, k.sum(squares))
    },
    sgdStep: (updates, { learningRate, momentum, weightDecay }, factor) =>
      updates.map(({ parameter, gradient, velocity, limit }) => {
        const scaled = factor ? k.binary('mul', gradient, factor) : store.alias(gradient, gradient.shape)
        const decayed = last(scaled, k.linearCombination(1, scaled, weightDecay, parameter))
        const next = velocity ? last(decayed, k.linearCombination(momentum, velocity, 1, decayed)) : decayed
        const after = k.linearCombination(1, parameter, -learningRate, next)
        return { parameter: limit === undefined ? after : clamp(after, limit), velocity: next }
      }),
  }
}
