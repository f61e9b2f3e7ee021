import type { Geometry } from '../geometry.js'
import type { Kernels } from '../kernels.js'
import { addressOf, type Engine, withStorage } from './engine.js'
import type { NativeLibrary } from './onednn/library.js'
import type { WasmTensor } from './tensor.js'
import { convWork, reach, taps, windowRuns } from './windows.js'

type Conv2d = Kernels<WasmTensor>['conv2d']

/** By the rules of assembly/counting.ts. */
const GROUP = 16
const CHUNK = 63
const SUMS = 256
/** The largest sum of agreements. */
const LARGEST = 0xffff
const groupsOf = (outputs: number): number => Math.ceil(outputs / GROUP)
const depthOf = (g: Geometry): number => taps(g) * g.inChannels
const packedBytes = (g: Geometry): number => groupsOf(g.outChannels) * GROUP * (4 + depthOf(g) / 4)
const scratchBytes = (g: Geometry): number => {
  const nibbles = g.inChannels / 4
  const runs = taps(g) * (Math.floor(nibbles / CHUNK) + 2) * 12 + 16
  const height = reach(g.outHeight, g.kernelHeight, g.stride, g.dilation)
  const width = reach(g.outWidth, g.kernelWidth, g.stride, g.dilation) + 3 * g.stride
  const plane = height * width * nibbles * 2
  return SUMS + runs + g.inWidth * g.inChannels * 4 + plane
}

/** Whether counting is faster than the multiplications of oneDNN: not of 1x1 convolutions, and not where AMX multiplies. */
const countingPays = (g: Geometry, { library, bfloat16 }: NativeLibrary): boolean =>
  taps(g) > 1 && !(bfloat16 && library.amx)

/**
 * Convolutions of signs with 1-bit filters by counting agreements (XNOR-Net); `multiplied` computes the others: those whose filters are not
 * plus or minus one number per output channel, whose input channels are not a multiple of four, or whose sums have more than 65,535
 * products. A sum of products is exact before it is scaled, so rounded only once.
 */
export const countingConvolution = (engine: Engine, native: NativeLibrary | undefined, multiplied: Conv2d): Conv2d => {
  const { threads } = engine
  const { forward } = windowRuns(engine)
  const counted = (...[x, w, g, p]: Parameters<Conv2d>): WasmTensor | undefined => {
    const fits = g.inChannels % 4 === 0 && depthOf(g) <= LARGEST
    if (!p.activation.startsWith('sign') || !fits || (native && !countingPays(g, native))) return undefined
    return withStorage(engine, packedBytes(g), packed => {
      if (!threads.kernels.packSigns(addressOf(w), depthOf(g), g.outChannels, packed.address)) return undefined
      return forward('countingConv2d', g, p, { x, w: packed.address }, convWork(g), scratchBytes(g))
    })
  }
  return (...operands) => counted(...operands) ?? multiplied(...operands)
}
