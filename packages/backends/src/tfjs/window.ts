import type { TensorInfo } from '@tensorflow/tfjs-core'
import { type Geometry, inputShape } from '../geometry.js'
import type { Activation, Prologue } from '../kernels.js'
import { relu, sign } from './elementwise.js'
import type { Operations } from './operations.js'
import type { TfjsTensor } from './tensor.js'

/** Height and width that the taps of a window of g span. */
export const spans = (g: Geometry): readonly [number, number] => [
  (g.kernelHeight - 1) * g.dilation + 1,
  (g.kernelWidth - 1) * g.dilation + 1,
]

/** [batch, height, width, channels] of what the windows of g touch, from the first one's first pixel to the last one's last. */
const touchedShape = (g: Geometry): readonly [number, number, number, number] => {
  const [spanY, spanX] = spans(g)
  return [g.batch, (g.outHeight - 1) * g.stride + spanY, (g.outWidth - 1) * g.stride + spanX, g.inChannels]
}

/**
 * The part of x that begins `top` rows above and `left` columns left of it (below and right, if negative), height by width,
 * `value` where x has no pixel.
 */
const part = (
  o: Operations,
  x: TensorInfo,
  [top, left]: readonly [number, number],
  [height, width]: readonly [number, number],
  value: number,
): TensorInfo => {
  const [batch, inHeight, inWidth, channels] = x.shape as [number, number, number, number]
  const axis = (before: number, size: number, inSize: number) => {
    const begin = Math.max(0, -before)
    const end = Math.min(inSize, size - before)
    return { begin, size: end - begin, before: Math.max(0, before), after: Math.max(0, size - before - inSize) }
  }
  const y = axis(top, height, inHeight)
  const z = axis(left, width, inWidth)
  if (y.size <= 0 || z.size <= 0) return o.full(value, [batch, height, width, channels])
  const cropped =
    y.size === inHeight && z.size === inWidth
      ? x
      : o.slice(x, [0, y.begin, z.begin, 0], [batch, y.size, z.size, channels])
  return y.size === height && z.size === width
    ? cropped
    : o.pad(cropped, [0, y.before, z.before, 0], [0, y.after, z.after, 0], value)
}

/** What the windows of g touch of x, padded with `value`: a geometry without padding then fits. */
export const touched = (o: Operations, x: TensorInfo, g: Geometry, value = 0): TensorInfo => {
  const [, height, width] = touchedShape(g)
  return part(o, x, [g.padTop, g.padLeft], [height, width], value)
}

/** The way back: the image of `touched`, zero where no window touches it. */
const untouched = (o: Operations, x: TensorInfo, g: Geometry): TensorInfo =>
  part(o, x, [-g.padTop, -g.padLeft], [g.inHeight, g.inWidth], 0)

/** Whether g pads as TensorFlow's 'same' does, so that the engine can do it: half of what is needed, rounded down, before. */
const isSame = (g: Geometry): boolean => {
  const [spanY, spanX] = spans(g)
  const fits = (out: number, size: number, span: number, before: number): boolean =>
    out === Math.ceil(size / g.stride) && before === Math.max((out - 1) * g.stride + span - size, 0) >> 1
  return fits(g.outHeight, g.inHeight, spanY, g.padTop) && fits(g.outWidth, g.inWidth, spanX, g.padLeft)
}

/** How a kernel of the engine slides the windows of g: padding them itself where it can, else over what they touch. */
export interface Sliding {
  /** The kernel's attributes; dilation is in the filters. */
  readonly attributes: Readonly<Record<string, unknown>>
  /** The image that the kernel takes, and its shape. */
  readonly enter: (x: TensorInfo) => TensorInfo
  readonly shape: readonly number[]
  /** The way back, from a gradient of what `enter` gives to that of the image. */
  readonly leave: (gradient: TensorInfo) => TensorInfo
}

export const sliding = (o: Operations, g: Geometry): Sliding => {
  const attributes = { strides: [g.stride, g.stride], dataFormat: 'NHWC', dilations: [1, 1] }
  return isSame(g)
    ? { attributes: { ...attributes, pad: 'same' }, enter: x => x, shape: inputShape(g), leave: gradient => gradient }
    : {
        attributes: { ...attributes, pad: 'valid' },
        enter: x => touched(o, x, g),
        shape: touchedShape(g),
        leave: gradient => untouched(o, gradient, g),
      }
}

/** Zeros between the rows and columns of w [height, width, ...]. Neither TensorFlow's depthwise kernels nor any adjoint know dilation. */
export const dilated = (o: Operations, w: TensorInfo, g: Geometry): TensorInfo => {
  if (g.dilation === 1) return w
  const [height, width, ...channels] = w.shape as [number, number, ...number[]]
  const [spanY, spanX] = spans(g)
  const inner = channels.reduce((a, b) => a * b, 1)
  const after = [0, g.dilation - 1, 0]
  const rows = o.pad(o.reshape(w, [height, 1, width * inner]), [0, 0, 0], after)
  const tall = o.slice(o.reshape(rows, [height * g.dilation, width * inner]), [0, 0], [spanY, width * inner])
  const columns = o.pad(o.reshape(tall, [spanY * width, 1, inner]), [0, 0, 0], after)
  const wide = o.slice(o.reshape(columns, [spanY, width * g.dilation, inner]), [0, 0, 0], [spanY, spanX, inner])
  return o.reshape(wide, [spanY, spanX, ...channels])
}

/** The taps among the rows and columns of a gradient of `dilated`. */
export const undilated = (o: Operations, w: TensorInfo, g: Geometry): TensorInfo =>
  g.dilation === 1
    ? w
    : o.stridedSlice(
        w,
        [0, 0, 0, 0],
        [g.kernelHeight, g.kernelWidth, w.shape[2]!, w.shape[3]!],
        [g.dilation, g.dilation, 1, 1],
      )

/** The activation's argument h = x * scale + shift. */
export const argument = (o: Operations, x: TfjsTensor, { affine }: Prologue<TfjsTensor>): TensorInfo =>
  affine === undefined ? o.of(x) : o.add(o.mul(o.of(x), o.of(affine.scale)), o.of(affine.shift))

const activations: Readonly<Record<Activation, (o: Operations, h: TensorInfo) => TensorInfo>> = {
  identity: (_, h) => h,
  relu,
  sign,
  'sign-polynomial': sign,
}

/** P(x). */
export const activated = (o: Operations, x: TfjsTensor, p: Prologue<TfjsTensor>): TensorInfo =>
  activations[p.activation](o, argument(o, x, p))

/** activation'(h); nothing where it is 1 everywhere. NaN has slope 0. */
export const slope = (o: Operations, activation: Activation, h: TensorInfo): TensorInfo | undefined => {
  switch (activation) {
    case 'identity':
      return undefined
    case 'relu':
      return o.indicator(o.compare('Greater', h, o.scalar(0)))
    case 'sign':
      return o.indicator(o.compare('LessEqual', o.unary('Abs', h), o.scalar(1)))
    case 'sign-polynomial': {
      const size = o.unary('Abs', h)
      const inside = o.compare('Less', size, o.scalar(1))
      return o.select(inside, o.sub(o.scalar(2), o.mul(size, o.scalar(2))), o.full(0, h.shape))
    }
  }
}
