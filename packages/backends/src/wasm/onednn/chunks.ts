import type { Geometry } from '../../geometry.js'
import { type KernelExports, kernelNumber, type NativeKernel } from '../module.js'
import { readWindow } from '../window-record.js'
import type { OneDnn } from './library.js'
import { plansOf } from './plan.js'

/** Bytes of a group's images, with what kernels may read behind them. */
const bytesOf = (images: number, height: number, width: number, channels: number): number =>
  Math.ceil((images * height * width * channels * 4 + 64) / 64) * 64

const inputBytes = (g: Geometry, images: number): number => bytesOf(images, g.inHeight, g.inWidth, g.inChannels)
const outputBytes = (g: Geometry, images: number): number => bytesOf(images, g.outHeight, g.outWidth, g.outChannels)

/** Rows of channels that are walked at a time: `BLOCK` of assembly/vector.ts. */
const blockBytes = (channels: number): number => 4 * Math.max(4096, channels) + 64

/** Scratch of a chunk: P(x), a block of rows; and for gradients dy written out, the gradient of P(x), and P(x) and dy once more, taken apart. */
export const forwardScratch = (g: Geometry, groups: number): number =>
  inputBytes(g, Math.ceil(g.batch / groups)) + blockBytes(g.inChannels)
export const gradientScratch = (g: Geometry, groups: number): number => {
  const images = Math.ceil(g.batch / groups)
  return 3 * inputBytes(g, images) + 2 * outputBytes(g, images) + blockBytes(Math.max(g.inChannels, g.outChannels))
}

/**
 * The chunks of convolutions and their gradients: a group of images, of which the library computes the products and the module the
 * rest. A tensor of float32 that needs nothing before or after is read and written where it lies.
 */
export const oneDnnChunks =
  (library: OneDnn, memory: WebAssembly.Memory, options: { readonly bfloat16: boolean }) =>
  (kernels: KernelExports): NativeKernel => {
    const plans = plansOf(library, options)
    const at = (address: number): Float32Array => new Float32Array(memory.buffer, address, 1)
    return (kernel, args, group, scratch) => {
      const { geometry: g, operands: o } = readWindow(memory, args)
      const first = Math.floor((group * g.batch) / o.groups)
      const images = Math.floor(((group + 1) * g.batch) / o.groups) - first
      const { layouts, of, values } = plans(g, o.groups)!
      const plan = of(images)
      const narrow = values === 'bfloat16'
      const inputs = first * g.inHeight * g.inWidth * g.inChannels * 4
      const outputs = first * g.outHeight * g.outWidth * g.outChannels * 4
      const block = scratch + inputBytes(g, images)

      const x = (): Float32Array => {
        if (!narrow && o.activation === 0 && o.scale === 0) return at(o.x + inputs)
        if (narrow) kernels.writeNarrowInputs(args, group, scratch, block)
        else kernels.writeInputs(args, group, scratch)
        return at(scratch)
      }

      if (kernel === kernelNumber.nativeConv2d) {
        plan.forward(x(), at(o.w), at(o.y + outputs))
        kernels.outputMoments(args, group)
        return
      }
      const written = block + blockBytes(Math.max(g.inChannels, g.outChannels))
      const isWritten = narrow || o.dyScale !== 0
      if (narrow) kernels.writeNarrowGradients(args, group, written, block)
      else if (isWritten) kernels.writeGradients(args, group, written)
      const dy = at(isWritten ? written : o.dy + outputs)
      const gradient = written + outputBytes(g, images)
      const apart = gradient + inputBytes(g, images)
      if (o.dw !== 0)
        plan.filterGradient(
          x(),
          dy,
          at(o.dw + group * layouts.filterGradient.bytes),
          at(apart),
          at(apart + inputBytes(g, images)),
        )
      if (o.dx === 0) return
      const direct = o.activation === 0 && o.into === 0
      const d = direct ? o.dx + inputs : gradient
      plan.sourceGradient(dy, at(o.w), at(d))
      if (!direct) kernels.finishInputs(args, group, d)
      if (o.sums !== 0) kernels.sumInputs(args, group)
    }
  }
