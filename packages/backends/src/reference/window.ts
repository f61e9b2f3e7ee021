import { type Geometry, inputShape } from '../geometry.js'
import type { Activation, Prologue } from '../kernels.js'
import { sizeOf } from '../shape.js'
import type { ReferenceTensor, Store } from './tensor.js'

/**
 * Calls `visit` for every output pixel and every tap of its window that lies inside the image, in row-major order.
 * Pixels are numbered over [batch, height, width], taps over [kernelHeight, kernelWidth].
 */
export const forEachTap = (g: Geometry, visit: (output: number, tap: number, input: number) => void): void => {
  for (let n = 0; n < g.batch; n++)
    for (let oy = 0; oy < g.outHeight; oy++)
      for (let ox = 0; ox < g.outWidth; ox++)
        for (let ky = 0; ky < g.kernelHeight; ky++)
          for (let kx = 0; kx < g.kernelWidth; kx++) {
            const iy = oy * g.stride - g.padTop + ky * g.dilation
            const ix = ox * g.stride - g.padLeft + kx * g.dilation
            if (iy < 0 || iy >= g.inHeight || ix < 0 || ix >= g.inWidth) continue
            const output = (n * g.outHeight + oy) * g.outWidth + ox
            const input = (n * g.inHeight + iy) * g.inWidth + ix
            visit(output, ky * g.kernelWidth + kx, input)
          }
}

const activations: Readonly<Record<Activation, (h: number) => number>> = {
  identity: h => h,
  relu: h => Math.max(h, 0),
  sign: h => (h >= 0 ? 1 : -1),
  'sign-polynomial': h => (h >= 0 ? 1 : -1),
}

const derivatives: Readonly<Record<Activation, (h: number) => number>> = {
  identity: () => 1,
  relu: h => (h > 0 ? 1 : 0),
  sign: h => (Math.abs(h) <= 1 ? 1 : 0),
  'sign-polynomial': h => (Math.abs(h) < 1 ? 2 - 2 * Math.abs(h) : 0),
}

/** The activation's argument h = x * scale + shift. */
const argument = ({ values }: Store, x: ReferenceTensor, { affine }: Prologue<ReferenceTensor>): Float64Array => {
  if (affine === undefined) return values(x)
  const scale = values(affine.scale)
  const shift = values(affine.shift)
  const channels = scale.length
  return values(x).map((v, i) => v * scale[i % channels]! + shift[i % channels]!)
}

/** P(x). */
export const activated = (store: Store, x: ReferenceTensor, p: Prologue<ReferenceTensor>): Float64Array =>
  argument(store, x, p).map(activations[p.activation])

/** activation'(h). */
export const slope = (store: Store, x: ReferenceTensor, p: Prologue<ReferenceTensor>): Float64Array =>
  argument(store, x, p).map(derivatives[p.activation])

/** The handle of an input gradient: `gradient` plus the consumed `into`. */
export const giveInputGrad = (
  { make, values, free }: Store,
  gradient: Float64Array,
  g: Geometry,
  into: ReferenceTensor | undefined,
): ReferenceTensor => {
  if (into === undefined) return make(gradient, inputShape(g))
  const before = values(into)
  const total = gradient.map((v, i) => v + before[i]!)
  free(into)
  return make(total, inputShape(g))
}

export const inputZeros = (g: Geometry): Float64Array => new Float64Array(sizeOf(inputShape(g)))
