import type { Kernels } from '../kernels.js'
import { type Shape, sameShape } from '../shape.js'

/** Adds the handle `gradient`, which is consumed, to the sum so far. */
export const addTo = <H>(kernels: Kernels<H>, into: H | undefined, gradient: H): H => {
  if (into === undefined) return gradient
  const sum = kernels.accumulate(into, gradient)
  kernels.free(gradient)
  return sum
}

/** Adds dy itself, which stays the caller's, to the sum so far. */
export const addSame = <H>(kernels: Kernels<H>, into: H | undefined, dy: H, shape: Shape): H =>
  into === undefined ? kernels.reshape(dy, shape) : kernels.accumulate(into, dy)

/** x * factor. */
export const scaled = <H>(kernels: Kernels<H>, x: H, factor: number): H => {
  const constant = kernels.fill(factor, [])
  const product = kernels.binary('mul', x, constant)
  kernels.free(constant)
  return product
}

/** The adjoint of broadcasting `to` to `from`: sums `gradient`, which is consumed, over the axes that were repeated. */
export const sumTo = <H>(kernels: Kernels<H>, gradient: H, from: Shape, to: Shape): H => {
  if (sameShape(from, to)) return gradient
  const missing = from.length - to.length
  const axes = from.flatMap((size, axis) => (size > 1 && (to[axis - missing] ?? 1) === 1 ? [axis] : []))
  const sum = kernels.sum(gradient, axes)
  const shaped = kernels.reshape(sum, to)
  kernels.free(sum)
  kernels.free(gradient)
  return shaped
}

/** Intermediate handles of a composed kernel: `keep` notes one, `free` frees all that were noted. */
export const temporaries = <H>(kernels: Kernels<H>): { readonly keep: (handle: H) => H; readonly free: () => void } => {
  const handles: H[] = []
  return {
    keep: handle => {
      handles.push(handle)
      return handle
    },
    free: () => {
      for (const handle of handles) kernels.free(handle)
    },
  }
}
