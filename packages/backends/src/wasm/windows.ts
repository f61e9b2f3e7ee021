import { type Geometry, inputShape, outputShape } from '../geometry.js'
import type { ConvGradients, Gradient, Kernels, Prologue, WantedGradients } from '../kernels.js'
import type { Shape } from '../shape.js'
import { addressOf, type Engine, output, withStorage } from './engine.js'
import type { KernelName } from './module.js'
import { sumsOf } from './rows.js'
import type { Partials, WasmTensor } from './tensor.js'
import { type Operands, writeWindow } from './window.js'

const plain: Prologue<WasmTensor> = { activation: 'identity' }
/** Images of a batch are summed in this many groups for a filter gradient, whatever the number of threads. */
const GROUPS = 16
export const groupsOf = ({ batch }: Geometry): number => Math.min(GROUPS, batch)

export const taps = (g: Geometry): number => g.kernelHeight * g.kernelWidth
const outputs = (g: Geometry): number => g.batch * g.outHeight * g.outWidth
const depthwiseWork = (g: Geometry): number => outputs(g) * g.inChannels * taps(g)
/** Multiply-adds. */
export const convWork = (g: Geometry): number => depthwiseWork(g) * g.outChannels

/** Bytes of planes and rows, by the rules of assembly/plane.ts. */
const SLACK = 8
const rowPitch = (width: number): number => (width + 7) & ~7
export const reach = (out: number, size: number, stride: number, dilation: number): number =>
  (out - 1) * stride + (size - 1) * dilation + 1
const pixels = (g: Geometry, count: number): number => count * g.inChannels * 4
const inputPlane = (g: Geometry): number =>
  pixels(
    g,
    reach(g.outHeight, g.kernelHeight, g.stride, g.dilation) * reach(g.outWidth, g.kernelWidth, g.stride, g.dilation) +
      SLACK * g.stride,
  )
const gradientPlane = (g: Geometry): number =>
  pixels(g, reach(g.inHeight, g.kernelHeight, 1, g.dilation) * reach(g.inWidth, g.kernelWidth, 1, g.dilation) + SLACK)
/** A row of a plane, the input's or the gradient's. */
const planeRow = (g: Geometry): number =>
  pixels(
    g,
    Math.max(...[g.inWidth, g.outWidth].map(width => reach(width, g.kernelWidth, g.stride, g.dilation))) + SLACK,
  )
const averages = (g: Geometry): number => g.outHeight * g.outWidth * 4 + planeRow(g)

/** Bytes of matrices in panels and of tiles, by the rules of assembly/gemm.ts and assembly/convolution.ts. */
const panelBytes = (k: number, n: number): number => ((n + 7) & ~7) * k * 4
const tileRows = (width: number): number => Math.max(8, Math.min(16, Math.floor(6144 / width)) & ~3)
const tileBytes = (rows: number, width: number): number => (rows * width + 16) * 4

type WindowKernels = Pick<
  Kernels<WasmTensor>,
  | 'conv2d'
  | 'conv2dGrad'
  | 'depthwiseConv2d'
  | 'depthwiseConv2dGrad'
  | 'maxPool'
  | 'maxPoolGrad'
  | 'avgPool'
  | 'avgPoolGrad'
>

/** How partial filter gradients lie in memory, if not as the filters do, and what writes their sum at `dw`. */
interface FilterLayout {
  readonly bytes: number
  readonly write: (sum: number, dw: number) => void
}

/** The parts of convolutions that do not depend on what computes the products. */
export const windowRuns = (engine: Engine) => {
  const { heap, threads, store } = engine
  return {
    /** The output of a forward kernel, which leaves its moments image by image. A chunk is an image, or a group of images. */
    forward: (
      kernel: KernelName,
      g: Geometry,
      p: Prologue<WasmTensor>,
      operands: Operands,
      work: number,
      scratch: number,
      groups = g.batch,
    ): WasmTensor => {
      const partials: Partials = {
        storage: heap.allocate(g.batch * g.outChannels * 8),
        chunks: g.batch,
        rowsPerChunk: g.outHeight * g.outWidth,
      }
      const y = store.allocate(outputShape(g), partials)
      writeWindow(engine, g, p, { ...operands, y, moments: partials.storage.address, groups })
      threads.run(kernel, groups, work, scratch)
      return y
    },

    /** The gradients of a convolution with filters of the given shape, which the kernel reads at `w`. A chunk is a group of images. */
    gradients: (
      kernel: KernelName,
      dy: Gradient<WasmTensor>,
      w: number,
      x: WasmTensor,
      g: Geometry,
      p: Prologue<WasmTensor>,
      { input, filters }: WantedGradients<WasmTensor>,
      shape: Shape,
      work: number,
      scratch: number,
      layout?: FilterLayout,
    ): ConvGradients<WasmTensor> => {
      const groups = groupsOf(g)
      const dw = filters ? store.allocate(shape) : undefined
      const bytes = layout?.bytes ?? (dw?.size ?? 0) * 4
      const partialFilters = dw && heap.allocate(groups * bytes)
      const partialSums = input?.mean && heap.allocate(g.batch * g.inChannels * 8)
      const run = (dx: WasmTensor | undefined): void => {
        writeWindow(engine, g, p, {
          ...{ x, w, dy, dx, groups },
          ...{
            into: input?.into,
            mean: input?.mean,
            sums: partialSums?.address ?? 0,
            dw: partialFilters?.address ?? 0,
          },
        })
        threads.run(kernel, groups, work, scratch)
      }
      const dx = input && output(engine, input.into, inputShape(g), run)
      if (!input) run(undefined)
      if (dw && partialFilters) {
        const sum = layout === undefined ? undefined : heap.allocate(bytes)
        threads.kernels.sumGroups(partialFilters.address, groups, bytes / 4, sum?.address ?? addressOf(dw))
        if (sum) {
          layout?.write(sum.address, addressOf(dw))
          heap.release(sum)
        }
        heap.release(partialFilters)
      }
      const sums = partialSums && sumsOf(engine, partialSums, g.batch, g.inChannels)
      if (partialSums) heap.release(partialSums)
      return { ...(dx && { input: dx }), ...(dw && { filters: dw }), ...(sums && { sums }) }
    },
  }
}

/** Convolutions and pooling. */
export const windowKernels = (engine: Engine): WindowKernels => {
  const { threads } = engine
  const { forward, gradients } = windowRuns(engine)

  return {
    conv2d(x, w, g, p) {
      const depth = taps(g) * g.inChannels
      return withStorage(engine, panelBytes(depth, g.outChannels), panels => {
        threads.kernels.packPanels(addressOf(w), panels.address, depth, g.outChannels, g.outChannels, 1)
        return forward('conv2d', g, p, { x, w: panels.address }, convWork(g), tileBytes(tileRows(depth), depth))
      })
    },
    conv2dGrad(dy, w, x, g, p, wanted) {
      const depth = taps(g) * g.inChannels
      const rows = tileRows(2 * depth + g.outChannels)
      const scratch = tileBytes(rows, g.outChannels) + 2 * tileBytes(rows, depth) + pixels(g, g.inHeight * g.inWidth)
      const work = convWork(g) * ((wanted.input ? 1 : 0) + (wanted.filters ? 1 : 0))
      const shape = [g.kernelHeight, g.kernelWidth, g.inChannels, g.outChannels]
      return withStorage(engine, panelBytes(g.outChannels, depth), panels => {
        if (wanted.input)
          threads.kernels.packPanels(addressOf(w), panels.address, g.outChannels, depth, 1, g.outChannels)
        return gradients('conv2dGrad', dy, panels.address, x, g, p, wanted, shape, work, scratch)
      })
    },

    depthwiseConv2d(x, w, g, p) {
      const scratch = pixels(g, rowPitch(g.outWidth)) + inputPlane(g)
      return forward('depthwiseConv2d', g, p, { x, w: addressOf(w) }, depthwiseWork(g), scratch)
    },
    depthwiseConv2dGrad(dy, w, x, g, p, wanted) {
      const scratch = pixels(g, rowPitch(g.inWidth)) + gradientPlane(g) + inputPlane(g)
      const shape = [g.kernelHeight, g.kernelWidth, g.inChannels]
      return gradients('depthwiseConv2dGrad', dy, addressOf(w), x, g, p, wanted, shape, 2 * depthwiseWork(g), scratch)
    },

    maxPool(x, g) {
      return forward('maxPool', g, plain, { x }, depthwiseWork(g), inputPlane(g))
    },
    maxPoolGrad(dy, x, g, into) {
      return output(engine, into, inputShape(g), dx => {
        writeWindow(engine, g, plain, { x, dy: { dy }, dx, into })
        threads.run('maxPoolGrad', g.batch, 2 * depthwiseWork(g), 2 * inputPlane(g))
      })
    },
    avgPool(x, g) {
      const scratch = averages(g) + pixels(g, rowPitch(g.outWidth)) + inputPlane(g)
      return forward('avgPool', g, plain, { x }, depthwiseWork(g), scratch)
    },
    avgPoolGrad(dy, g, into) {
      return output(engine, into, inputShape(g), dx => {
        writeWindow(engine, g, plain, { dy: { dy }, dx, into })
        const scratch = averages(g) + pixels(g, rowPitch(g.inWidth)) + gradientPlane(g)
        threads.run('avgPoolGrad', g.batch, depthwiseWork(g), scratch)
      })
    },
  }
}
