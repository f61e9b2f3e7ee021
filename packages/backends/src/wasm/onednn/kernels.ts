import type { Kernels } from '../../kernels.js'
import { addressOf, type Engine, withStorage } from '../engine.js'
import type { WasmTensor } from '../tensor.js'
import { convWork, groupsOf, windowRuns } from '../windows.js'
import { forwardScratch, gradientScratch } from './chunks.js'
import type { NativeLibrary } from './library.js'
import { plansOf } from './plan.js'

type Convolutions = Pick<Kernels<WasmTensor>, 'conv2d' | 'conv2dGrad'>

/** Convolutions by the library; `own` computes those that it cannot. */
export const oneDnnConvolutions = (
  engine: Engine,
  { library, bfloat16 }: NativeLibrary,
  own: Convolutions,
): Convolutions => {
  const { heap } = engine
  const { forward, gradients } = windowRuns(engine)
  const plans = plansOf(library, { bfloat16 })
  const at = (address: number): Float32Array => heap.floats.subarray(address / 4)
  return {
    conv2d(x, w, g, p) {
      const groups = groupsOf(g)
      const plan = plans(g, groups)
      if (plan === undefined) return own.conv2d(x, w, g, p)
      const { bytes, reorder } = plan.layouts.forward
      return withStorage(engine, bytes, filters => {
        reorder(at(addressOf(w)), at(filters.address))
        const scratch = forwardScratch(g, groups)
        return forward('nativeConv2d', g, p, { x, w: filters.address }, convWork(g), scratch, groups)
      })
    },
    conv2dGrad(dy, w, x, g, p, wanted) {
      const groups = groupsOf(g)
      const plan = plans(g, groups)
      if (plan === undefined) return own.conv2dGrad(dy, w, x, g, p, wanted)
      const { sourceGradient, filterGradient } = plan.layouts
      const work = convWork(g) * ((wanted.input ? 1 : 0) + (wanted.filters ? 1 : 0))
      return withStorage(engine, sourceGradient.bytes, filters => {
        if (wanted.input) sourceGradient.reorder(at(addressOf(w)), at(filters.address))
        const scratch = gradientScratch(g, groups)
        const layout = {
          bytes: filterGradient.bytes,
          write: (sum: number, dw: number) => filterGradient.reorder(at(sum), at(dw)),
        }
        return gradients('nativeConv2dGrad', dy, filters.address, x, g, p, wanted, w.shape, work, scratch, layout)
      })
    },
  }
}
