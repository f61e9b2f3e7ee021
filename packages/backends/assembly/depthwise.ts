// Depthwise convolution: windows slide over planes row by row, four channels and eight pixels at a time.
import { Window } from './geometry'
import { rowMoments } from './moments'
import { correlateRow, fillGradientRow, fillInputRow, gradientLeft, gradientTop, reach, rowPitch, SLACK } from './plane'
import { epilogueRows } from './rows'
import { rowSums } from './sums'
import { addLanes, copy, fma } from './vector'

/** Scratch: a row of outputs, the plane. */
export function depthwiseConv2d(args: usize, image: i32, scratch: usize): void {
  const g = changetype<Window>(args)
  const channels = g.inChannels
  const pixel = g.inPixel
  const plane = scratch + <usize>rowPitch(g.outWidth) * pixel
  const width = reach(g.outWidth, g.kernelWidth, g.stride, g.dilation)
  const y = g.y + <usize>image * g.outImage
  const whole = (g.outWidth & 7) == 0
  let filled = 0
  for (let row = 0; row < g.outHeight; row++) {
    for (const needed = row * g.stride + (g.kernelHeight - 1) * g.dilation; filled <= needed; filled++)
      fillInputRow(g, image, filled, plane, width, 0)
    const to = y + <usize>(row * g.outWidth) * pixel
    correlateRow(plane + <usize>(row * g.stride * width) * pixel, width, g.w, pixel, whole ? to : scratch, g.outWidth, channels,
      g.kernelHeight, g.kernelWidth, g.stride, g.dilation)
    if (!whole) copy(scratch, to, g.outWidth * channels)
  }
  if (g.moments) rowMoments(y, g.outPixels, channels, g.moments + <usize>image * pixel * 2)
}

/**
 * Both gradients in one pass, for a group of images. Scratch: a row of input gradients, the plane of dy, the plane of P(x).
 */
export function depthwiseConv2dGrad(args: usize, group: i32, scratch: usize): void {
  const g = changetype<Window>(args)
  const channels = g.inChannels
  const pixel = g.inPixel
  const gradients = scratch + <usize>rowPitch(g.inWidth) * pixel
  const height = reach(g.inHeight, g.kernelHeight, 1, g.dilation)
  const width = reach(g.inWidth, g.kernelWidth, 1, g.dilation)
  const inputs = gradients + <usize>(height * width + SLACK) * pixel
  const filters = g.dw + <usize>(group * g.taps) * pixel
  if (g.dw) memory.fill(filters, 0, <usize>g.taps * pixel)
  for (let image = g.groupStart(group); image < g.groupStart(group + 1); image++) {
    if (g.dx) inputGradient(g, image, scratch, gradients, width)
    else for (let row = 0; row < height; row++) fillGradientRow(g, image, row, gradients, width)
    if (g.dw) filterGradient(g, image, gradients, width, inputs, filters)
    const offset = <usize>image * g.inImage
    if (g.sums) rowSums(g.dx + offset, g.x + offset, g.inPixels, channels, g.mean, g.sums + <usize>image * pixel * 2)
  }
}

/** Fills the plane of dy on the way. */
function inputGradient(g: Window, image: i32, scratch: usize, gradients: usize, width: i32): void {
  const pixel = g.inPixel
  const lastTap = g.w + <usize>(g.taps - 1) * pixel
  let filled = 0
  for (let row = 0; row < g.inHeight; row++) {
    for (const needed = row + (g.kernelHeight - 1) * g.dilation; filled <= needed; filled++)
      fillGradientRow(g, image, filled, gradients, width)
    correlateRow(gradients + <usize>(row * width) * pixel, width, lastTap, -<isize>pixel, scratch, g.inWidth, g.inChannels,
      g.kernelHeight, g.kernelWidth, 1, g.dilation)
    const offset = <usize>image * g.inImage + <usize>(row * g.inWidth) * pixel
    epilogueRows(g.activation, scratch, g.x + offset, g.dx + offset, g.into ? g.into + offset : 0, g.inWidth, g.inChannels, g.scale, g.shift)
  }
}

/** Adds an image's share to filters [taps, channels]; the plane of dy is filled. Output pixels that touch padding only are left out. */
function filterGradient(g: Window, image: i32, gradients: usize, gradientWidth: i32, inputs: usize, filters: usize): void {
  const pixel = g.inPixel
  const width = reach(g.outWidth, g.kernelWidth, g.stride, g.dilation)
  const top = gradientTop(g)
  const left = gradientLeft(g)
  const firstColumn = max(0, (g.stride - 1 - left) / g.stride)
  const lastColumn = left < gradientWidth ? min(g.outWidth, (gradientWidth - 1 - left) / g.stride + 1) : 0
  const gradientHeight = reach(g.inHeight, g.kernelHeight, 1, g.dilation)
  let filled = 0
  for (let row = 0; row < g.outHeight; row++) {
    for (const needed = row * g.stride + (g.kernelHeight - 1) * g.dilation; filled <= needed; filled++)
      fillInputRow(g, image, filled, inputs, width, 0)
    const gradientRow = top + row * g.stride
    if (gradientRow < 0 || gradientRow >= gradientHeight || lastColumn <= firstColumn) continue
    const dy = gradients + <usize>(gradientRow * gradientWidth + left + firstColumn * g.stride) * pixel
    for (let ky = 0; ky < g.kernelHeight; ky++) {
      const x = inputs + <usize>((row * g.stride + ky * g.dilation) * width + firstColumn * g.stride) * pixel
      const sums = filters + <usize>(ky * g.kernelWidth) * pixel
      addRowOfTaps(dy, x, sums, lastColumn - firstColumn, g.inChannels, g.kernelWidth, g.stride, g.dilation)
    }
  }
}

/** sums [kernelWidth, channels] += products of a row of dy with the pixels under each tap of one row of the filter. */
function addRowOfTaps(
  dy: usize, x: usize, sums: usize, count: i32, channels: i32, kernelWidth: i32, stride: i32, dilation: i32,
): void {
  const pixel = <usize>channels << 2
  const tap = <usize>dilation * pixel
  const step = <usize>stride * pixel
  for (let c = 0; c < channels; c += 4) {
    const at = <usize>c << 2
    const lanes = channels - c
    let kx = 0
    for (; kx + 3 <= kernelWidth && kernelWidth != 5; kx += 3)
      addTaps3(dy + at, x + at + <usize>kx * tap, tap, step, count, sums + at + <usize>kx * pixel, pixel, lanes)
    for (; kx + 5 <= kernelWidth; kx += 5)
      addTaps5(dy + at, x + at + <usize>kx * tap, tap, step, count, sums + at + <usize>kx * pixel, pixel, lanes)
    for (; kx < kernelWidth; kx++) addTap(dy + at, x + at + <usize>kx * tap, step, count, sums + at + <usize>kx * pixel, lanes)
  }
}

function addTap(dy: usize, x: usize, step: usize, count: i32, sums: usize, lanes: i32): void {
  let s = f32x4.splat(0)
  for (let i = 0; i < count; i++) {
    s = fma(v128.load(dy), v128.load(x), s)
    dy += step
    x += step
  }
  addLanes(sums, s, lanes)
}

/** Three neighbouring taps, two pixels at a time: six sums run side by side. */
@inline
function addTaps3(dy: usize, x: usize, tap: usize, step: usize, count: i32, sums: usize, pixel: usize, lanes: i32): void {
  let a0 = f32x4.splat(0), a1 = f32x4.splat(0), a2 = f32x4.splat(0)
  let b0 = f32x4.splat(0), b1 = f32x4.splat(0), b2 = f32x4.splat(0)
  for (let i = count >> 1; i > 0; i--) {
    let d = v128.load(dy)
    a0 = fma(d, v128.load(x), a0)
    a1 = fma(d, v128.load(x + tap), a1)
    a2 = fma(d, v128.load(x + 2 * tap), a2)
    dy += step
    x += step
    d = v128.load(dy)
    b0 = fma(d, v128.load(x), b0)
    b1 = fma(d, v128.load(x + tap), b1)
    b2 = fma(d, v128.load(x + 2 * tap), b2)
    dy += step
    x += step
  }
  if (count & 1) {
    const d = v128.load(dy)
    a0 = fma(d, v128.load(x), a0)
    a1 = fma(d, v128.load(x + tap), a1)
    a2 = fma(d, v128.load(x + 2 * tap), a2)
  }
  addLanes(sums, f32x4.add(a0, b0), lanes)
  addLanes(sums + pixel, f32x4.add(a1, b1), lanes)
  addLanes(sums + 2 * pixel, f32x4.add(a2, b2), lanes)
}

/** Five neighbouring taps, two pixels at a time. */
@inline
function addTaps5(dy: usize, x: usize, tap: usize, step: usize, count: i32, sums: usize, pixel: usize, lanes: i32): void {
  let a0 = f32x4.splat(0), a1 = f32x4.splat(0), a2 = f32x4.splat(0), a3 = f32x4.splat(0), a4 = f32x4.splat(0)
  let b0 = f32x4.splat(0), b1 = f32x4.splat(0), b2 = f32x4.splat(0), b3 = f32x4.splat(0), b4 = f32x4.splat(0)
  for (let i = count >> 1; i > 0; i--) {
    let d = v128.load(dy)
    a0 = fma(d, v128.load(x), a0)
    a1 = fma(d, v128.load(x + tap), a1)
    a2 = fma(d, v128.load(x + 2 * tap), a2)
    a3 = fma(d, v128.load(x + 3 * tap), a3)
    a4 = fma(d, v128.load(x + 4 * tap), a4)
    dy += step
    x += step
    d = v128.load(dy)
    b0 = fma(d, v128.load(x), b0)
    b1 = fma(d, v128.load(x + tap), b1)
    b2 = fma(d, v128.load(x + 2 * tap), b2)
    b3 = fma(d, v128.load(x + 3 * tap), b3)
    b4 = fma(d, v128.load(x + 4 * tap), b4)
    dy += step
    x += step
  }
  if (count & 1) {
    const d = v128.load(dy)
    a0 = fma(d, v128.load(x), a0)
    a1 = fma(d, v128.load(x + tap), a1)
    a2 = fma(d, v128.load(x + 2 * tap), a2)
    a3 = fma(d, v128.load(x + 3 * tap), a3)
    a4 = fma(d, v128.load(x + 4 * tap), a4)
  }
  addLanes(sums, f32x4.add(a0, b0), lanes)
  addLanes(sums + pixel, f32x4.add(a1, b1), lanes)
  addLanes(sums + 2 * pixel, f32x4.add(a2, b2), lanes)
  addLanes(sums + 3 * pixel, f32x4.add(a3, b3), lanes)
  addLanes(sums + 4 * pixel, f32x4.add(a4, b4), lanes)
}
