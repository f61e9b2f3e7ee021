import { ShapeError } from './errors.js'

/** Sizes of a tensor's axes, outermost first. Images are NHWC: [batch, height, width, channels]. */
export type Shape = readonly number[]

/** How many values; 1 for []. */
export const sizeOf = (shape: Shape): number => shape.reduce((a, b) => a * b, 1)

/** Whether all sizes agree. */
export const sameShape = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((n, i) => n === b[i])

/** As in messages: `[2, 3]`. */
export const formatShape = (shape: Shape): string => `[${shape.join(', ')}]`

/** Row-major strides, in elements. */
export const stridesOf = (shape: Shape): number[] => {
  const strides = new Array<number>(shape.length)
  let step = 1
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = step
    step *= shape[i]!
  }
  return strides
}

/** The shape two operands broadcast to by NumPy's rule: aligned at the last axis, sizes equal or 1. */
export const broadcastShape = (operation: string, a: Shape, b: Shape): Shape => {
  const rank = Math.max(a.length, b.length)
  return Array.from({ length: rank }, (_, i) => {
    const m = a[i - rank + a.length] ?? 1
    const n = b[i - rank + b.length] ?? 1
    if (m !== n && m !== 1 && n !== 1)
      throw new ShapeError(`${operation}: ${formatShape(a)} and ${formatShape(b)} do not broadcast`)
    return m === 1 ? n : m
  })
}
