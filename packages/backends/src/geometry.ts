import { ShapeError } from './errors.js'
import { formatShape, type Shape } from './shape.js'

/** Pixels added at each border before the window slides; a negative number crops. Added pixels are zero (pooling ignores them). */
export interface Padding {
  readonly top: number
  readonly bottom: number
  readonly left: number
  readonly right: number
}

/** How a window slides over an image. */
export interface WindowOptions {
  /** Step of the window in both directions. Default 1. */
  readonly stride?: number
  /** Distance between the window's taps in both directions. Default 1. */
  readonly dilation?: number
  /** Default `dilation * (size - 1) / 2` at every border (rounded down at the top and left): the output keeps the input's size at stride 1. */
  readonly padding?: Padding
}

/** Everything a windowed kernel has to know about its operands. For depthwise convolution and pooling `outChannels === inChannels`. */
export interface Geometry {
  readonly batch: number
  readonly inHeight: number
  readonly inWidth: number
  readonly inChannels: number
  readonly outHeight: number
  readonly outWidth: number
  readonly outChannels: number
  readonly kernelHeight: number
  readonly kernelWidth: number
  readonly stride: number
  readonly dilation: number
  readonly padTop: number
  readonly padLeft: number
}

/** Its fields, in the order of the record `Window` of assembly/geometry.ts. */
export const geometryFields = [
  ...['batch', 'inHeight', 'inWidth', 'inChannels', 'outHeight', 'outWidth', 'outChannels'],
  ...['kernelHeight', 'kernelWidth', 'stride', 'dilation', 'padTop', 'padLeft'],
] as readonly (keyof Geometry)[]

/** [batch, height, width, channels] of what the window slides over. */
export const inputShape = (g: Geometry): Shape => [g.batch, g.inHeight, g.inWidth, g.inChannels]
/** [batch, height, width, channels] of the result. */
export const outputShape = (g: Geometry): Shape => [g.batch, g.outHeight, g.outWidth, g.outChannels]

const resolve = (
  operation: string,
  x: Shape,
  kernelHeight: number,
  kernelWidth: number,
  outChannels: number,
  { stride = 1, dilation = 1, padding }: WindowOptions,
): Geometry => {
  if (x.length !== 4)
    throw new ShapeError(`${operation}: the input must be [batch, height, width, channels], got ${formatShape(x)}`)
  const [batch, inHeight, inWidth, inChannels] = x as [number, number, number, number]
  for (const [name, value] of [
    ['stride', stride],
    ['dilation', dilation],
  ] as const)
    if (!Number.isInteger(value) || value < 1)
      throw new ShapeError(`${operation}: ${name} must be a positive integer, got ${value}`)
  const spanY = dilation * (kernelHeight - 1)
  const spanX = dilation * (kernelWidth - 1)
  const { top, bottom, left, right } = padding ?? {
    top: spanY >> 1,
    bottom: (spanY + 1) >> 1,
    left: spanX >> 1,
    right: (spanX + 1) >> 1,
  }
  const outHeight = Math.floor((inHeight + top + bottom - spanY - 1) / stride) + 1
  const outWidth = Math.floor((inWidth + left + right - spanX - 1) / stride) + 1
  if (outHeight < 1 || outWidth < 1)
    throw new ShapeError(
      `${operation}: a ${kernelHeight}x${kernelWidth} window of dilation ${dilation} does not fit ${formatShape(x)}`,
    )
  return {
    batch,
    inHeight,
    inWidth,
    inChannels,
    outHeight,
    outWidth,
    outChannels,
    kernelHeight,
    kernelWidth,
    stride,
    dilation,
    padTop: top,
    padLeft: left,
  }
}

/** `x` [n, h, w, cin], `w` [kh, kw, cin, cout]. */
export const convGeometry = (x: Shape, w: Shape, options: WindowOptions): Geometry => {
  if (w.length !== 4 || w[2] !== x[3])
    throw new ShapeError(
      `conv2d: filters ${formatShape(w)} must be [height, width, ${x[3]}, outputs] for the input ${formatShape(x)}`,
    )
  return resolve('conv2d', x, w[0]!, w[1]!, w[3]!, options)
}

/** `x` [n, h, w, c], `w` [kh, kw, c]. */
export const depthwiseGeometry = (x: Shape, w: Shape, options: WindowOptions): Geometry => {
  if (w.length !== 3 || w[2] !== x[3])
    throw new ShapeError(
      `depthwiseConv2d: filters ${formatShape(w)} must be [height, width, ${x[3]}] for the input ${formatShape(x)}`,
    )
  return resolve('depthwiseConv2d', x, w[0]!, w[1]!, w[2]!, options)
}

/** `x` [n, h, w, c], a window of `size` x `size`. Throws ShapeError in the name of `operation`. */
export const poolGeometry = (operation: string, x: Shape, size: number, options: WindowOptions): Geometry =>
  resolve(operation, x, size, size, x[3]!, options)
