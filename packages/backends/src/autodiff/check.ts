import { ShapeError } from '../errors.js'
import type { Geometry } from '../geometry.js'
import { formatShape, type Shape, sameShape, sizeOf } from '../shape.js'

/** Throws unless `shape` is one of positive integer sizes. */
export const checkShape = (operation: string, shape: Shape): void => {
  if (!shape.every(size => Number.isInteger(size) && size > 0))
    throw new ShapeError(`${operation}: sizes must be positive integers, got ${formatShape(shape)}`)
}

export const checkSize = (operation: string, length: number, shape: Shape): void => {
  checkShape(operation, shape)
  if (length !== sizeOf(shape))
    throw new ShapeError(`${operation}: ${length} values do not fill the shape ${formatShape(shape)}`)
}

export const checkSame = (operation: string, a: Shape, b: Shape): void => {
  if (!sameShape(a, b))
    throw new ShapeError(`${operation}: ${formatShape(a)} and ${formatShape(b)} must be the same shape`)
}

/** Throws unless `shape` is `expected`; `what` names the operand. */
export const checkIs = (operation: string, what: string, shape: Shape, expected: Shape): void => {
  if (!sameShape(shape, expected))
    throw new ShapeError(`${operation}: ${what} must be ${formatShape(expected)}, got ${formatShape(shape)}`)
}

export const checkRank = (operation: string, shape: Shape, rank: number): void => {
  if (shape.length !== rank)
    throw new ShapeError(`${operation}: the operand must have ${rank} axes, got ${formatShape(shape)}`)
}

/** For operations along the last axis. */
export const checkNotScalar = (operation: string, shape: Shape): void => {
  if (shape.length === 0) throw new ShapeError(`${operation}: the operand must have an axis, got []`)
}

/** Throws unless `axes` are different axes of `shape`. */
export const checkAxes = (operation: string, shape: Shape, axes: readonly number[]): void => {
  const valid = axes.every(axis => Number.isInteger(axis) && axis >= 0 && axis < shape.length)
  if (!valid || new Set(axes).size !== axes.length)
    throw new ShapeError(`${operation}: [${axes.join(', ')}] are not different axes of ${formatShape(shape)}`)
}

/** Throws unless `counts` has a non-negative integer for every axis of `shape`. */
export const checkCounts = (operation: string, what: string, shape: Shape, counts: readonly number[]): void => {
  if (counts.length !== shape.length || !counts.every(n => Number.isInteger(n) && n >= 0))
    throw new ShapeError(
      `${operation}: ${what} must be a non-negative integer for every axis of ${formatShape(shape)}, got [${counts.join(', ')}]`,
    )
}

/** Throws if a pooling window has no tap inside the image: it would have no maximum and no mean. */
export const checkWindows = (operation: string, g: Geometry): void => {
  const covered = (outputs: number, size: number, taps: number, before: number): boolean =>
    Array.from({ length: outputs }, (_, o) => o * g.stride - before).every(start =>
      Array.from({ length: taps }, (_, tap) => start + tap * g.dilation).some(i => i >= 0 && i < size),
    )
  if (
    !covered(g.outHeight, g.inHeight, g.kernelHeight, g.padTop) ||
    !covered(g.outWidth, g.inWidth, g.kernelWidth, g.padLeft)
  )
    throw new ShapeError(`${operation}: with this padding a window lies outside the ${g.inHeight}x${g.inWidth} image`)
}
