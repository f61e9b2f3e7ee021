import { type Geometry, inputShape, outputShape } from '../geometry.js'
import type { Activation, Kernels, Prologue } from '../kernels.js'
import { addressOf, type Engine, output, withStorage, writeWords } from './engine.js'
import type { KernelName } from './module.js'
import type { Partials, WasmTensor } from './tensor.js'

const activationNumber: Readonly<Record<Activation, number>> = { identity: 0, relu: 1, sign: 2, 'sign-polynomial': 3 }
const plain: Prologue<WasmTensor> = { activation: 'identity' }
/** Images of a batch are summed in this many groups for a filter gradient, whatever the number of threads. */
const GROUPS = 16

/** The record `Window` of assembly/geometry.ts. */
const writeWindow = (
  engine: Engine,
  g: Geometry,
  { activation, affine }: Prologue<WasmTensor>,
  operands: { x?: WasmTensor; w?: number; y?: WasmTensor; into?: WasmTensor | undefined; partials?: number; groups?: number },
): void =>
  writeWords(engine, [
    g.batch, g.inHeight, g.inWidth, g.inChannels, g.outHeight, g.outWidth, g.outChannels,
    g.kernelHeight, g.kernelWidth, g.stride, g.dilation, g.padTop, g.padLeft,
    activationNumber[activation], addressOf(affine?.scale), addressOf(affine?.shift),
    addressOf(operands.x), operands.w ?? 0, addressOf(operands.y), addressOf(operands.into),
    operands.partials ?? 0, operands.groups ?? 0,
  ])

const align16 = (n: number): number => (n + 15) & ~15
const rowPitch = (width: number): number => (width + 7) & ~7
const planeSize = (out: number, taps: number, stride: number, dilation: number): number => (out - 1) * stride + (taps - 1) * dilation + 1
const vectors = (n: number): number => n * 16

/** Bytes of the plane that windows slide over, and of the plane of outputs, four channels wide; see assembly/depthwise.ts. */
const forwardPlanes = (g: Geometry): { readonly plane: number; readonly out: number } => ({
  plane: vectors(planeSize(g.outHeight, g.kernelHeight, g.stride, g.dilation) * planeSize(rowPitch(g.outWidth), g.kernelWidth, g.stride, g.dilation)),
  out: vectors(g.outHeight * rowPitch(g.outWidth)),
})
const backwardPlanes = (g: Geometry): { readonly plane: number; readonly out: number } => ({
  plane: vectors(planeSize(g.inHeight, g.kernelHeight, 1, g.dilation) * planeSize(rowPitch(g.inWidth), g.kernelWidth, 1, g.dilation)),
  out: vectors(g.inHeight * rowPitch(g.inWidth)),
})

const taps = (g: Geometry): number => g.kernelHeight * g.kernelWidth
const outputs = (g: Geometry): number => g.batch * g.outHeight * g.outWidth
const inputs = (g: Geometry): number => g.batch * g.inHeight * g.inWidth
const depthwiseWork = (g: Geometry): number => outputs(g) * g.inChannels * taps(g)
const convWork = (g: Geometry): number => depthwiseWork(g) * g.outChannels

/** Bytes of a tile of gathered windows; see assembly/convolution.ts. */
const tileBytes = (width: number, depth: number): number => Math.max(4, Math.min(64, Math.floor(4096 / width)) & ~3) * depth * 4
const panelBytes = (k: number, n: number): number => ((n + 7) & ~7) * k * 4

type WindowKernels = Pick<
  Kernels<WasmTensor>,
  | 'conv2d'
  | 'conv2dInputGrad'
  | 'conv2dFilterGrad'
  | 'depthwiseConv2d'
  | 'depthwiseConv2dInputGrad'
  | 'depthwiseConv2dFilterGrad'
  | 'maxPool'
  | 'maxPoolGrad'
  | 'avgPool'
  | 'avgPoolGrad'
>

/** Convolutions and pooling. A chunk is an image; of filter gradients, a group of images. */
export const windowKernels = (engine: Engine): WindowKernels => {
  const { heap, threads, store } = engine

  /** The output of a forward kernel, which leaves its moments image by image. */
  const forward = (kernel: KernelName, g: Geometry, p: Prologue<WasmTensor>, x: WasmTensor, w: number, work: number, needs: number): WasmTensor => {
    const partials: Partials = {
      storage: heap.allocate(g.batch * g.outChannels * 8),
      chunks: g.batch,
      rowsPerChunk: g.outHeight * g.outWidth,
    }
    const y = store.allocate(outputShape(g), partials)
    writeWindow(engine, g, p, { x, w, y, partials: partials.storage.address })
    threads.run(kernel, g.batch, work, needs)
    return y
  }

  const inputGrad = (
    kernel: KernelName,
    g: Geometry,
    p: Prologue<WasmTensor>,
    operands: { dy: WasmTensor; w?: number; x?: WasmTensor; into: WasmTensor | undefined },
    work: number,
    needs: number,
  ): WasmTensor =>
    output(engine, operands.into, inputShape(g), dx => {
      writeWindow(engine, g, p, {
        ...(operands.x && { x: operands.x }),
        w: operands.w ?? 0,
        y: operands.dy,
        into: operands.into,
        partials: dx.storage.address,
      })
      threads.run(kernel, g.batch, work, needs)
    })

  const filterGrad = (
    kernel: KernelName,
    g: Geometry,
    p: Prologue<WasmTensor>,
    x: WasmTensor,
    y: WasmTensor,
    shape: readonly number[],
    work: number,
    needs: number,
  ): WasmTensor => {
    const dw = store.allocate(shape)
    const groups = Math.min(GROUPS, g.batch)
    withStorage(engine, groups * dw.size * 4, partials => {
      writeWindow(engine, g, p, { x, y, partials: partials.address, groups })
      threads.run(kernel, groups, work, needs)
      threads.kernels.sumGroups(partials.address, groups, dw.size, dw.storage.address)
    })
    return dw
  }

  return {
    conv2d(x, w, g, p) {
      const depth = taps(g) * g.inChannels
      return withStorage(engine, panelBytes(depth, g.outChannels), panels => {
        threads.kernels.packPanels(w.storage.address, panels.address, depth, g.outChannels, g.outChannels, 1)
        return forward('conv2d', g, p, x, panels.address, convWork(g), tileBytes(depth, depth))
      })
    },
    conv2dInputGrad(dy, w, x, g, p, into) {
      const depth = taps(g) * g.inChannels
      return withStorage(engine, panelBytes(g.outChannels, depth), panels => {
        threads.kernels.packPanels(w.storage.address, panels.address, g.outChannels, depth, 1, g.outChannels)
        const image = g.inHeight * g.inWidth * g.inChannels * 4
        return inputGrad('conv2dInputGrad', g, p, { dy, w: panels.address, x, into }, convWork(g), tileBytes(depth, depth) + image)
      })
    },
    conv2dFilterGrad(dy, x, g, p) {
      const depth = taps(g) * g.inChannels
      const shape = [g.kernelHeight, g.kernelWidth, g.inChannels, g.outChannels]
      return filterGrad('conv2dFilterGrad', g, p, x, dy, shape, convWork(g), tileBytes(depth + g.outChannels, depth))
    },

    depthwiseConv2d(x, w, g, p) {
      const { plane, out } = forwardPlanes(g)
      return forward('depthwiseConv2d', g, p, x, w.storage.address, depthwiseWork(g), vectors(taps(g)) + out + plane)
    },
    depthwiseConv2dInputGrad(dy, w, x, g, p, into) {
      const { plane, out } = backwardPlanes(g)
      const needs = vectors(taps(g)) + out + plane
      return inputGrad('depthwiseConv2dInputGrad', g, p, { dy, w: w.storage.address, x, into }, inputs(g) * g.inChannels * taps(g), needs)
    },
    depthwiseConv2dFilterGrad(dy, x, g, p) {
      const { plane, out } = forwardPlanes(g)
      const shape = [g.kernelHeight, g.kernelWidth, g.inChannels]
      return filterGrad('depthwiseConv2dFilterGrad', g, p, x, dy, shape, depthwiseWork(g), vectors(taps(g)) + out + plane)
    },

    maxPool(x, g) {
      const { plane, out } = forwardPlanes(g)
      return forward('maxPool', g, plain, x, 0, depthwiseWork(g), out + plane)
    },
    maxPoolGrad(dy, x, g, into) {
      return inputGrad('maxPoolGrad', g, plain, { dy, x, into }, depthwiseWork(g), 2 * forwardPlanes(g).plane)
    },
    avgPool(x, g) {
      const { plane, out } = forwardPlanes(g)
      const averages = vectors(taps(g)) + align16(g.outHeight * g.outWidth * 4)
      return forward('avgPool', g, plain, x, 0, depthwiseWork(g), averages + out + plane)
    },
    avgPoolGrad(dy, g, into) {
      const { plane, out } = backwardPlanes(g)
      const averages = vectors(taps(g)) + align16(g.outHeight * g.outWidth * 4) + vectors(g.outHeight * g.outWidth)
      return inputGrad('avgPoolGrad', g, plain, { dy, into }, depthwiseWork(g), averages + out + plane)
    },
  }
}
