// A plane is an image with the border its windows reach into written out, all channels of a pixel together. Its rows are
// filled just before the first window needs them, so that a window's rows sit in the first-level cache.
import { Window } from './geometry'
import { writeGradient } from './gradient'
import { prologueRows } from './rows'
import { fill, fma, storeLanes } from './vector'

/** Rows or columns that the windows of `out` outputs reach over. */
@inline
export function reach(out: i32, taps: i32, stride: i32, dilation: i32): i32 {
  return (out - 1) * stride + (taps - 1) * dilation + 1
}

/** Output pixels are computed in blocks of eight; a row's last block may run over, into a row of this many pixels. */
@inline
export function rowPitch(width: i32): i32 {
  return (width + 7) & ~7
}

/** Pixels behind a plane that a block which runs over may read. */
export const SLACK: i32 = 8

/** The columns of the image that lie on a plane of this width: from the first up to the last, which is not one of them. */
@inline
export function firstColumn(g: Window): i32 { return max(0, -g.padLeft) }
@inline
export function lastColumn(g: Window, width: i32): i32 { return max(firstColumn(g), min(g.inWidth, width - g.padLeft)) }

/** Row `row` of the plane of P(x): pixel (y, x) of the image lies at (y + padTop, x + padLeft). */
export function fillInputRow(g: Window, image: i32, row: i32, plane: usize, width: i32, border: f32): void {
  const channels = g.inChannels
  const pixel = g.inPixel
  const to = plane + <usize>(row * width) * pixel
  const y = row - g.padTop
  if (y < 0 || y >= g.inHeight) {
    fill(to, border, width * channels)
    return
  }
  const first = firstColumn(g)
  const last = lastColumn(g, width)
  const left = min(width, max(0, g.padLeft))
  if (left > 0) fill(to, border, left * channels)
  const from = g.x + <usize>image * g.inImage + <usize>(y * g.inWidth + first) * pixel
  prologueRows(g.activation, from, to + <usize>left * pixel, last - first, channels, g.scale, g.shift)
  const filled = left + last - first
  if (filled < width) fill(to + <usize>filled * pixel, border, (width - filled) * channels)
}

/** Row and column of the gradient plane at which output pixel (0, 0) lies. */
@inline
export function gradientTop(g: Window): i32 { return g.dilation * (g.kernelHeight - 1) - g.padTop }
@inline
export function gradientLeft(g: Window): i32 { return g.dilation * (g.kernelWidth - 1) - g.padLeft }

/**
 * Row `row` of the plane of dy, with stride - 1 zeros between neighbours, over which a walk at stride 1 with the filter
 * turned around gives the input gradient. Output pixels outside of the plane touch padding only.
 */
export function fillGradientRow(g: Window, image: i32, row: i32, plane: usize, width: i32): void {
  const channels = g.outChannels
  const pixel = g.outPixel
  const to = plane + <usize>(row * width) * pixel
  const y = row - gradientTop(g)
  const left = gradientLeft(g)
  if (y < 0 || y % g.stride != 0 || y / g.stride >= g.outHeight || left >= width) {
    fill(to, 0, width * channels)
    return
  }
  const first = max(0, (g.stride - 1 - left) / g.stride)
  const last = max(first, min(g.outWidth, (width - 1 - left) / g.stride + 1))
  const start = left + first * g.stride
  const from = y / g.stride * g.outWidth + first
  if (g.stride == 1) {
    if (start > 0) fill(to, 0, start * channels)
    writeGradient(g, image, from, last - first, to + <usize>start * pixel)
    const filled = start + last - first
    if (filled < width) fill(to + <usize>filled * pixel, 0, (width - filled) * channels)
    return
  }
  fill(to, 0, width * channels)
  for (let i = 0; i < last - first; i++)
    writeGradient(g, image, from + i, 1, to + <usize>(start + i * g.stride) * pixel)
}

/** A pixel's size, where it is known when the kernel is compiled: distances between pixels are then part of the instructions. */
@unmanaged
class Pixel16 {
  a: v128
  b: v128
  c: v128
  d: v128
}
@unmanaged
class Pixel32 extends Pixel16 {
  e: v128
  f: v128
  g: v128
  h: v128
}
@unmanaged
class AnyPixel {}

/**
 * One row of outputs: out [rowPitch(width)] pixels = window sums over the plane's rows from `row` on. Weights [taps, channels];
 * `weightStep` is the distance from one tap to the next in bytes, negative to turn the filter around.
 */
export function correlateRow(
  row: usize, planeWidth: i32, weights: usize, weightStep: isize, out: usize, width: i32, channels: i32,
  kernelHeight: i32, kernelWidth: i32, stride: i32, dilation: i32,
): void {
  if (stride == 1 && channels == 16)
    correlateRowOf<Pixel16>(row, planeWidth, weights, weightStep, out, width, channels, kernelHeight, kernelWidth, stride, dilation)
  else if (stride == 1 && channels == 32)
    correlateRowOf<Pixel32>(row, planeWidth, weights, weightStep, out, width, channels, kernelHeight, kernelWidth, stride, dilation)
  else correlateRowOf<AnyPixel>(row, planeWidth, weights, weightStep, out, width, channels, kernelHeight, kernelWidth, stride, dilation)
}

function correlateRowOf<P>(
  row: usize, planeWidth: i32, weights: usize, weightStep: isize, out: usize, width: i32, channels: i32,
  kernelHeight: i32, kernelWidth: i32, stride: i32, dilation: i32,
): void {
  const pixel = <usize>channels << 2
  const tapRow = <usize>(planeWidth * dilation) * pixel
  const tap = <usize>dilation * pixel
  const step = <usize>stride * pixel
  for (let c = 0; c < channels; c += 4) {
    const at = <usize>c << 2
    let p = row + at
    let to = out + at
    for (let x = 0; x < width; x += 8) {
      block<P>(p, tapRow, tap, step, weights + at, weightStep, to, pixel, kernelHeight, kernelWidth, channels - c)
      p += step << 3
      to += pixel << 3
    }
  }
}

/** Eight neighbouring outputs of four channels. */
@inline
function block<P>(
  p: usize, tapRow: usize, tap: usize, step: usize, weights: usize, weightStep: isize, out: usize, pixel: usize,
  kernelHeight: i32, kernelWidth: i32, lanes: i32,
): void {
  const step2 = step + step, step3 = step2 + step, step4 = step2 + step2
  let s0 = f32x4.splat(0), s1 = f32x4.splat(0), s2 = f32x4.splat(0), s3 = f32x4.splat(0)
  let s4 = f32x4.splat(0), s5 = f32x4.splat(0), s6 = f32x4.splat(0), s7 = f32x4.splat(0)
  for (let ky = 0; ky < kernelHeight; ky++) {
    let q = p
    for (let kx = 0; kx < kernelWidth; kx++) {
      const w = v128.load(weights)
      s0 = fma(v128.load(q), w, s0)
      if (offsetof<P>() != 0) {
        s1 = fma(v128.load(q, offsetof<P>()), w, s1)
        s2 = fma(v128.load(q, 2 * offsetof<P>()), w, s2)
        s3 = fma(v128.load(q, 3 * offsetof<P>()), w, s3)
        s4 = fma(v128.load(q, 4 * offsetof<P>()), w, s4)
        s5 = fma(v128.load(q, 5 * offsetof<P>()), w, s5)
        s6 = fma(v128.load(q, 6 * offsetof<P>()), w, s6)
        s7 = fma(v128.load(q, 7 * offsetof<P>()), w, s7)
      } else {
        const r = q + step4
        s1 = fma(v128.load(q + step), w, s1)
        s2 = fma(v128.load(q + step2), w, s2)
        s3 = fma(v128.load(q + step3), w, s3)
        s4 = fma(v128.load(r), w, s4)
        s5 = fma(v128.load(r + step), w, s5)
        s6 = fma(v128.load(r + step2), w, s6)
        s7 = fma(v128.load(r + step3), w, s7)
      }
      q += tap
      weights += weightStep
    }
    p += tapRow
  }
  if (lanes >= 4) {
    v128.store(out, s0)
    v128.store(out + pixel, s1)
    v128.store(out + 2 * pixel, s2)
    v128.store(out + 3 * pixel, s3)
    v128.store(out + 4 * pixel, s4)
    v128.store(out + 5 * pixel, s5)
    v128.store(out + 6 * pixel, s6)
    v128.store(out + 7 * pixel, s7)
  } else {
    storeLanes(out, s0, lanes)
    storeLanes(out + pixel, s1, lanes)
    storeLanes(out + 2 * pixel, s2, lanes)
    storeLanes(out + 3 * pixel, s3, lanes)
    storeLanes(out + 4 * pixel, s4, lanes)
    storeLanes(out + 5 * pixel, s5, lanes)
    storeLanes(out + 6 * pixel, s6, lanes)
    storeLanes(out + 7 * pixel, s7, lanes)
  }
}
