// Depthwise convolution, four channels at a time: the four channels of an image (34x34 pixels of 16 bytes for 32x32 and
// a 3x3 window) are copied into a zero-padded plane that sits in the first-level cache; the windows then slide over it
// with constant strides and without bounds. The input gradient is the same walk over the padded, zero-inserted gradient
// with the filter turned around.
import { Window } from './geometry'
import { rowMoments } from './normalization'
import { activate, activationGrad, fma, IDENTITY, loadLanes, RELU, SIGN, SIGN_POLYNOMIAL, storeLanes } from './vector'

/** Output rows are computed in whole blocks of eight pixels; the columns beyond the width are thrown away. */
@inline
export function rowPitch(width: i32): i32 {
  return (width + 7) & ~7
}

/** Pixels of the plane a window of `size` taps needs for `out` outputs (width: of rowPitch(out) outputs). */
@inline
export function planeSize(out: i32, size: i32, stride: i32, dilation: i32): i32 {
  return (out - 1) * stride + (size - 1) * dilation + 1
}

/** Zeros in every pixel of the plane, then P(image) at (top, left) + step * (row, column), cut at the plane's borders. */
export function fillPlane(
  plane: usize, height: i32, width: i32, top: i32, left: i32, step: i32,
  image: usize, rows: i32, columns: i32, channels: i32, lanes: i32, border: v128,
  activation: i32, scale: usize, shift: usize,
): void {
  const end = plane + (<usize>(height * width) << 4)
  for (let p = plane; p < end; p += 16) v128.store(p, border)
  const firstRow = max(0, (step - 1 - top) / step)
  const lastRow = min(rows, (height - 1 - top) / step + 1)
  const firstColumn = max(0, (step - 1 - left) / step)
  const lastColumn = min(columns, (width - 1 - left) / step + 1)
  if (top >= height || left >= width) return
  const s = scale ? loadLanes(scale, lanes) : f32x4.splat(1)
  const t = scale ? loadLanes(shift, lanes) : f32x4.splat(0)
  const pitch = <usize>channels << 2
  for (let row = firstRow; row < lastRow; row++) {
    const from = image + <usize>(row * columns + firstColumn) * pitch
    const to = plane + (<usize>((top + row * step) * width + left + firstColumn * step) << 4)
    const count = lastColumn - firstColumn
    const advance = <usize>step << 4
    if (scale) {
      if (activation == IDENTITY) fillRow(IDENTITY, true, from, to, count, pitch, advance, lanes, s, t)
      else if (activation == RELU) fillRow(RELU, true, from, to, count, pitch, advance, lanes, s, t)
      else fillRow(SIGN, true, from, to, count, pitch, advance, lanes, s, t)
    } else if (activation == IDENTITY) fillRow(IDENTITY, false, from, to, count, pitch, advance, lanes, s, t)
    else if (activation == RELU) fillRow(RELU, false, from, to, count, pitch, advance, lanes, s, t)
    else fillRow(SIGN, false, from, to, count, pitch, advance, lanes, s, t)
  }
}

@inline
function fillRow(
  mode: i32, affine: bool, from: usize, to: usize, count: i32, pitch: usize, advance: usize, lanes: i32, s: v128, t: v128,
): void {
  if (lanes == 4) {
    for (let i = 0; i < count; i++) {
      const v = v128.load(from)
      v128.store(to, activate(mode, affine ? fma(v, s, t) : v))
      from += pitch
      to += advance
    }
  } else {
    for (let i = 0; i < count; i++) {
      const v = loadLanes(from, lanes)
      v128.store(to, activate(mode, affine ? fma(v, s, t) : v))
      from += pitch
      to += advance
    }
  }
}

/** out [height, rowPitch(width)] = window sums over the plane, weights one vector a tap. */
export function correlate(
  plane: usize, planeWidth: i32, weights: usize, out: usize, height: i32, width: i32,
  kernelHeight: i32, kernelWidth: i32, stride: i32, dilation: i32,
): void {
  const pitch = rowPitch(width)
  const rowBytes = <usize>planeWidth << 4
  for (let y = 0; y < height; y++) {
    const row = plane + <usize>(y * stride) * rowBytes
    if (stride == 1) {
      for (let x = 0; x < pitch; x += 8) {
        block8(row + (<usize>x << 4), rowBytes * dilation, <usize>dilation << 4, weights, out, kernelHeight, kernelWidth)
        out += 128
      }
    } else {
      for (let x = 0; x < pitch; x += 4) {
        block4(row + (<usize>(x * stride) << 4), rowBytes * dilation, <usize>dilation << 4, <usize>stride << 4, weights, out, kernelHeight, kernelWidth)
        out += 64
      }
    }
  }
}

@inline
function block8(p: usize, tapRow: usize, tap: usize, weights: usize, out: usize, kernelHeight: i32, kernelWidth: i32): void {
  let s0 = f32x4.splat(0), s1 = f32x4.splat(0), s2 = f32x4.splat(0), s3 = f32x4.splat(0)
  let s4 = f32x4.splat(0), s5 = f32x4.splat(0), s6 = f32x4.splat(0), s7 = f32x4.splat(0)
  for (let ky = 0; ky < kernelHeight; ky++) {
    let q = p
    const end = weights + (<usize>kernelWidth << 4)
    while (weights < end) {
      const w = v128.load(weights)
      s0 = fma(v128.load(q), w, s0)
      s1 = fma(v128.load(q, 16), w, s1)
      s2 = fma(v128.load(q, 32), w, s2)
      s3 = fma(v128.load(q, 48), w, s3)
      s4 = fma(v128.load(q, 64), w, s4)
      s5 = fma(v128.load(q, 80), w, s5)
      s6 = fma(v128.load(q, 96), w, s6)
      s7 = fma(v128.load(q, 112), w, s7)
      q += tap
      weights += 16
    }
    p += tapRow
  }
  v128.store(out, s0)
  v128.store(out, s1, 16)
  v128.store(out, s2, 32)
  v128.store(out, s3, 48)
  v128.store(out, s4, 64)
  v128.store(out, s5, 80)
  v128.store(out, s6, 96)
  v128.store(out, s7, 112)
}

@inline
function block4(
  p: usize, tapRow: usize, tap: usize, step: usize, weights: usize, out: usize, kernelHeight: i32, kernelWidth: i32,
): void {
  let s0 = f32x4.splat(0), s1 = f32x4.splat(0), s2 = f32x4.splat(0), s3 = f32x4.splat(0)
  for (let ky = 0; ky < kernelHeight; ky++) {
    let q0 = p, q1 = p + step, q2 = p + 2 * step, q3 = p + 3 * step
    const end = weights + (<usize>kernelWidth << 4)
    while (weights < end) {
      const w = v128.load(weights)
      s0 = fma(v128.load(q0), w, s0)
      s1 = fma(v128.load(q1), w, s1)
      s2 = fma(v128.load(q2), w, s2)
      s3 = fma(v128.load(q3), w, s3)
      q0 += tap
      q1 += tap
      q2 += tap
      q3 += tap
      weights += 16
    }
    p += tapRow
  }
  v128.store(out, s0)
  v128.store(out, s1, 16)
  v128.store(out, s2, 32)
  v128.store(out, s3, 48)
}

/** Weights of four channels, one vector a tap, turned around if asked. */
function gatherWeights(w: usize, taps: i32, channels: i32, lanes: i32, out: usize, reverse: bool): void {
  for (let i = 0; i < taps; i++) {
    const to = reverse ? taps - 1 - i : i
    v128.store(out + (<usize>to << 4), loadLanes(w + (<usize>(i * channels) << 2), lanes))
  }
}

/** Scratch: weights, the output's four channels, the plane (in this order). */
export function depthwiseConv2d(args: usize, image: i32, scratch: usize): void {
  const g = changetype<Window>(args)
  const channels = g.inChannels
  const out = scratch + (<usize>g.taps << 4)
  const pitch = rowPitch(g.outWidth)
  const plane = out + (<usize>(g.outHeight * pitch) << 4)
  const height = planeSize(g.outHeight, g.kernelHeight, g.stride, g.dilation)
  const width = planeSize(pitch, g.kernelWidth, g.stride, g.dilation)
  const x = g.inImage(g.x, image)
  const y = g.outImage(g.y, image)
  for (let c = 0; c < channels; c += 4) {
    const lanes = min(4, channels - c)
    const at = <usize>c << 2
    gatherWeights(g.w + at, g.taps, channels, lanes, scratch, false)
    fillPlane(plane, height, width, g.padTop, g.padLeft, 1, x + at, g.inHeight, g.inWidth, channels, lanes,
      f32x4.splat(0), g.activation, g.scale ? g.scale + at : 0, g.shift + at)
    correlate(plane, width, scratch, out, g.outHeight, g.outWidth, g.kernelHeight, g.kernelWidth, g.stride, g.dilation)
    storePlane(out, g.outHeight, g.outWidth, y + at, channels, lanes)
  }
  if (g.partials) rowMoments(y, g.outPixels, channels, g.partials + (<usize>image * channels << 3))
}

/** Writes a plane [height, rowPitch(width)] to four channels of an image. */
export function storePlane(plane: usize, height: i32, width: i32, y: usize, channels: i32, lanes: i32): void {
  const skip = <usize>(rowPitch(width) - width) << 4
  const pitch = <usize>channels << 2
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      storeLanes(y, v128.load(plane), lanes)
      plane += 16
      y += pitch
    }
    plane += skip
  }
}

/** Plane of dy, zero-inserted by the stride, such that a stride-1 walk with the reversed filter gives the input gradient. */
@inline
export function fillGradientPlane(g: Window, plane: usize, height: i32, width: i32, dy: usize, channels: i32, lanes: i32): void {
  fillPlane(plane, height, width, g.dilation * (g.kernelHeight - 1) - g.padTop, g.dilation * (g.kernelWidth - 1) - g.padLeft,
    g.stride, dy, g.outHeight, g.outWidth, channels, lanes, f32x4.splat(0), IDENTITY, 0, 0)
}

/** x: the input, y: dy, partials: dx. Scratch: weights, the input's four channels, the plane. */
export function depthwiseConv2dInputGrad(args: usize, image: i32, scratch: usize): void {
  const g = changetype<Window>(args)
  const channels = g.inChannels
  const out = scratch + (<usize>g.taps << 4)
  const pitch = rowPitch(g.inWidth)
  const plane = out + (<usize>(g.inHeight * pitch) << 4)
  const height = planeSize(g.inHeight, g.kernelHeight, 1, g.dilation)
  const width = planeSize(pitch, g.kernelWidth, 1, g.dilation)
  const x = g.inImage(g.x, image)
  const dy = g.outImage(g.y, image)
  const dx = g.inImage(g.partials, image)
  const into = g.into ? g.inImage(g.into, image) : 0
  for (let c = 0; c < channels; c += 4) {
    const lanes = min(4, channels - c)
    const at = <usize>c << 2
    gatherWeights(g.w + at, g.taps, channels, lanes, scratch, true)
    fillGradientPlane(g, plane, height, width, dy + at, channels, lanes)
    correlate(plane, width, scratch, out, g.inHeight, g.inWidth, g.kernelHeight, g.kernelWidth, 1, g.dilation)
    finishPlane(g.activation, out, g.inHeight, g.inWidth, x + at, dx + at, into ? into + at : 0, channels, lanes,
      g.scale ? g.scale + at : 0, g.shift + at)
  }
}

/** dx = into + plane * activation'(x * scale + shift), for four channels of an image. */
export function finishPlane(
  activation: i32, plane: usize, height: i32, width: i32, x: usize, dx: usize, into: usize, channels: i32, lanes: i32,
  scale: usize, shift: usize,
): void {
  const s = scale ? loadLanes(scale, lanes) : f32x4.splat(1)
  const t = scale ? loadLanes(shift, lanes) : f32x4.splat(0)
  const skip = <usize>(rowPitch(width) - width) << 4
  const pitch = <usize>channels << 2
  for (let row = 0; row < height; row++) {
    if (activation == IDENTITY) finishRow(IDENTITY, plane, width, x, dx, into, pitch, lanes, s, t)
    else if (activation == RELU) finishRow(RELU, plane, width, x, dx, into, pitch, lanes, s, t)
    else if (activation == SIGN) finishRow(SIGN, plane, width, x, dx, into, pitch, lanes, s, t)
    else finishRow(SIGN_POLYNOMIAL, plane, width, x, dx, into, pitch, lanes, s, t)
    const bytes = <usize>width * pitch
    plane += (<usize>width << 4) + skip
    x += bytes
    dx += bytes
    if (into) into += bytes
  }
}

@inline
function finishRow(
  mode: i32, plane: usize, width: i32, x: usize, dx: usize, into: usize, pitch: usize, lanes: i32, s: v128, t: v128,
): void {
  for (let i = 0; i < width; i++) {
    let v = v128.load(plane)
    if (mode != IDENTITY) v = activationGrad(mode, fma(loadLanes(x, lanes), s, t), v)
    if (into) {
      v = f32x4.add(v, loadLanes(into, lanes))
      into += pitch
    }
    storeLanes(dx, v, lanes)
    plane += 16
    x += pitch
    dx += pitch
  }
}

/** x: the input, y: dy, partials: one [taps, channels] a group of images. Scratch: sums a tap, dy's four channels, the plane. */
export function depthwiseConv2dFilterGrad(args: usize, group: i32, scratch: usize): void {
  const g = changetype<Window>(args)
  const channels = g.inChannels
  const pitch = rowPitch(g.outWidth)
  const gradient = scratch + (<usize>g.taps << 4)
  const plane = gradient + (<usize>(g.outHeight * pitch) << 4)
  const height = planeSize(g.outHeight, g.kernelHeight, g.stride, g.dilation)
  const width = planeSize(pitch, g.kernelWidth, g.stride, g.dilation)
  const partial = g.partials + (<usize>(group * g.taps) * channels << 2)
  for (let c = 0; c < channels; c += 4) {
    const lanes = min(4, channels - c)
    const at = <usize>c << 2
    memory.fill(scratch, 0, <usize>g.taps << 4)
    for (let image = g.groupStart(group); image < g.groupStart(group + 1); image++) {
      fillPlane(plane, height, width, g.padTop, g.padLeft, 1, g.inImage(g.x, image) + at, g.inHeight, g.inWidth, channels, lanes,
        f32x4.splat(0), g.activation, g.scale ? g.scale + at : 0, g.shift + at)
      fillPlane(gradient, g.outHeight, pitch, 0, 0, 1, g.outImage(g.y, image) + at, g.outHeight, g.outWidth, channels, lanes,
        f32x4.splat(0), IDENTITY, 0, 0)
      for (let ky = 0; ky < g.kernelHeight; ky++)
        for (let kx = 0; kx < g.kernelWidth; kx++)
          tapSum(gradient, plane + (<usize>(ky * g.dilation * width + kx * g.dilation) << 4), g.outHeight, pitch, width, g.stride,
            scratch + (<usize>(ky * g.kernelWidth + kx) << 4))
    }
    for (let i = 0; i < g.taps; i++)
      storeLanes(partial + (<usize>(i * channels) << 2) + at, v128.load(scratch + (<usize>i << 4)), lanes)
  }
}

/** sum += products of the gradient [height, pitch] with the plane's pixels under one tap. */
@inline
function tapSum(gradient: usize, plane: usize, height: i32, pitch: i32, planeWidth: i32, stride: i32, sum: usize): void {
  let s0 = f32x4.splat(0), s1 = f32x4.splat(0), s2 = f32x4.splat(0), s3 = f32x4.splat(0)
  let s4 = f32x4.splat(0), s5 = f32x4.splat(0), s6 = f32x4.splat(0), s7 = f32x4.splat(0)
  const step = <usize>stride << 4
  for (let row = 0; row < height; row++) {
    let q = plane
    const end = gradient + (<usize>pitch << 4)
    if (stride == 1) {
      while (gradient < end) {
        s0 = fma(v128.load(gradient), v128.load(q), s0)
        s1 = fma(v128.load(gradient, 16), v128.load(q, 16), s1)
        s2 = fma(v128.load(gradient, 32), v128.load(q, 32), s2)
        s3 = fma(v128.load(gradient, 48), v128.load(q, 48), s3)
        s4 = fma(v128.load(gradient, 64), v128.load(q, 64), s4)
        s5 = fma(v128.load(gradient, 80), v128.load(q, 80), s5)
        s6 = fma(v128.load(gradient, 96), v128.load(q, 96), s6)
        s7 = fma(v128.load(gradient, 112), v128.load(q, 112), s7)
        gradient += 128
        q += 128
      }
    } else {
      while (gradient < end) {
        s0 = fma(v128.load(gradient), v128.load(q), s0)
        s1 = fma(v128.load(gradient, 16), v128.load(q + step), s1)
        s2 = fma(v128.load(gradient, 32), v128.load(q + 2 * step), s2)
        s3 = fma(v128.load(gradient, 48), v128.load(q + 3 * step), s3)
        gradient += 64
        q += 4 * step
      }
    }
    plane += (<usize>planeWidth << 4) * stride
  }
  s0 = f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3))
  s4 = f32x4.add(f32x4.add(s4, s5), f32x4.add(s6, s7))
  v128.store(sum, f32x4.add(v128.load(sum), f32x4.add(s0, s4)))
}
