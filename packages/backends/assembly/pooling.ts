// Pooling over the same planes as depthwise convolution. A chunk is an image.
import { Window } from './geometry'
import { halves, meanOfHalving, spreadFromHalving } from './halving'
import { rowMoments } from './moments'
import { largestOfNeighbours, looksAtNeighbours, meanOfNeighbours, passToLargestNeighbour, spreadToNeighbours } from './neighbours'
import { correlateRow, fillGradientRow, fillInputRow, firstColumn, gradientLeft, gradientTop, lastColumn, reach, rowPitch, SLACK } from './plane'
import { epilogueRows } from './rows'
import { copy, fill, storeLanes } from './vector'

/** Whether an image is free of NaN and -Infinity, which a maximum has to be careful with. */
function isOrdinary(g: Window, image: i32): bool {
  let p = g.x + <usize>image * g.inImage
  const end = p + (g.inImage & ~15)
  let strange = i32x4.splat(0)
  for (; p < end; p += 16) {
    const v = v128.load(p)
    strange = v128.or(strange, v128.not(f32x4.gt(v, f32x4.splat(-Infinity))))
  }
  for (const last = g.x + <usize>(image + 1) * g.inImage; p < last; p += 4) if (!(load<f32>(p) > -Infinity)) return false
  return !v128.any_true(strange)
}

/** Scratch: the plane. */
export function maxPool(args: usize, image: i32, scratch: usize): void {
  const g = changetype<Window>(args)
  const ordinary = isOrdinary(g, image)
  if (ordinary && looksAtNeighbours(g)) largestOfNeighbours(g, image, scratch)
  else maxPoolWindows(g, image, ordinary, scratch)
  writeMoments(g, image)
}

/** The moments of an image of y, where they are asked for. */
@inline
function writeMoments(g: Window, image: i32): void {
  if (!g.moments) return
  rowMoments(g.y + <usize>image * g.outImage, g.outPixels, g.outChannels, g.moments + <usize>image * g.outPixel * 2)
}

/** Any windows. */
function maxPoolWindows(g: Window, image: i32, ordinary: bool, plane: usize): void {
  const pixel = g.inPixel
  const width = reach(g.outWidth, g.kernelWidth, g.stride, g.dilation)
  const tap = <usize>g.dilation * pixel
  const rowBytes = <usize>width * pixel
  let y = g.y + <usize>image * g.outImage
  let filled = 0
  for (let row = 0; row < g.outHeight; row++) {
    for (const needed = row * g.stride + (g.kernelHeight - 1) * g.dilation; filled <= needed; filled++)
      fillInputRow(g, image, filled, plane, width, -Infinity)
    maxPoolRow(g, ordinary, plane + <usize>(row * g.stride) * rowBytes, tap, <usize>width * tap, y)
    y += <usize>g.outWidth * pixel
  }
}

/** One row of any windows. */
function maxPoolRow(g: Window, ordinary: bool, from: usize, tap: usize, tapRow: usize, to: usize): void {
  const channels = g.inChannels
  const pixel = g.inPixel
  const step = <usize>g.stride * pixel
  for (let c = 0; c < channels; c += 4) {
    let p = from + (<usize>c << 2)
    for (let column = 0; column < g.outWidth; column++) {
      const m = ordinary
        ? largest(p, tap, tapRow, g.kernelHeight, g.kernelWidth)
        : largestOrNaN(p, tap, tapRow, g.kernelHeight, g.kernelWidth)
      storeLanes(to + <usize>column * pixel + (<usize>c << 2), m, channels - c)
      p += step
    }
  }
}

/** The window's maximum, if it is ordinary. */
@inline
function largest(p: usize, tap: usize, tapRow: usize, kernelHeight: i32, kernelWidth: i32): v128 {
  let m = f32x4.splat(-Infinity)
  for (let ky = 0; ky < kernelHeight; ky++) {
    let q = p
    for (let kx = 0; kx < kernelWidth; kx++) {
      m = f32x4.pmax(m, v128.load(q))
      q += tap
    }
    p += tapRow
  }
  return m
}

/** The window's maximum; NaN where it holds one. */
function largestOrNaN(p: usize, tap: usize, tapRow: usize, kernelHeight: i32, kernelWidth: i32): v128 {
  let m = f32x4.splat(-Infinity)
  for (let ky = 0; ky < kernelHeight; ky++) {
    for (let kx = 0; kx < kernelWidth; kx++) m = f32x4.max(m, v128.load(p + <usize>kx * tap))
    p += tapRow
  }
  return m
}

/** Scratch: the plane of x and that of dx. */
export function maxPoolGrad(args: usize, image: i32, scratch: usize): void {
  const g = changetype<Window>(args)
  const channels = g.inChannels
  const ordinary = isOrdinary(g, image)
  if (ordinary && looksAtNeighbours(g) && !(channels & 3)) {
    passToLargestNeighbour(g, image, scratch)
    return
  }
  const pixel = g.inPixel
  const width = reach(g.outWidth, g.kernelWidth, g.stride, g.dilation)
  const height = reach(g.outHeight, g.kernelHeight, g.stride, g.dilation)
  const bytes = <usize>(height * width + SLACK) * pixel
  const gradients = scratch + bytes
  const kernelHeight = g.kernelHeight
  const kernelWidth = g.kernelWidth
  const outWidth = g.outWidth
  const step = <usize>g.stride * pixel
  const tap = <usize>g.dilation * pixel
  const tapRow = <usize>width * tap
  let filled = 0
  for (let row = 0; row < g.outHeight; row++) {
    for (const needed = row * g.stride + (g.kernelHeight - 1) * g.dilation; filled <= needed; filled++) {
      fillInputRow(g, image, filled, scratch, width, -Infinity)
      fill(gradients + <usize>(filled * width) * pixel, 0, width * channels)
    }
    const dy = g.dy + <usize>image * g.outImage + <usize>(row * g.outWidth) * pixel
    for (let c = 0; c < channels; c += 4) {
      const at = <usize>c << 2
      let p = scratch + <usize>(row * g.stride * width) * pixel + at
      for (let column = 0; column < outWidth; column++) {
        const d = v128.load(dy + <usize>column * pixel + at)
        if (ordinary && channels - c >= 4) passToFirst(p, bytes, tap, tapRow, kernelHeight, kernelWidth, d)
        else passToFirstOfLane(g, row, column, p, bytes, width, d, channels - c)
        p += step
      }
    }
  }
  storeInterior(g, image, gradients, height, width)
}

/** Adds d to the plane of dx (`bytes` behind that of x) at the first pixel of an ordinary window that equals its maximum. */
@inline
function passToFirst(p: usize, bytes: usize, tap: usize, tapRow: usize, kernelHeight: i32, kernelWidth: i32, d: v128): void {
  const m = largest(p, tap, tapRow, kernelHeight, kernelWidth)
  let left = d
  for (let ky = 0; ky < kernelHeight; ky++) {
    let q = p
    for (let kx = 0; kx < kernelWidth; kx++) {
      const hit = f32x4.eq(v128.load(q), m)
      const to = q + bytes
      v128.store(to, f32x4.add(v128.load(to), v128.and(left, hit)))
      left = v128.andnot(left, hit)
      q += tap
    }
    p += tapRow
  }
}

/** The same for any window, lane by lane: NaN is a maximum, and -Infinity inside the image goes before the border's. */
function passToFirstOfLane(g: Window, row: i32, column: i32, p: usize, bytes: usize, width: i32, d: v128, lanes: i32): void {
  const tap = <usize>g.dilation * g.inPixel
  for (let lane = 0; lane < min(4, lanes); lane++) {
    let best: f32 = 0
    let at: usize = 0
    for (let ky = 0; ky < g.kernelHeight; ky++) {
      const y = row * g.stride + ky * g.dilation - g.padTop
      if (y < 0 || y >= g.inHeight) continue
      for (let kx = 0; kx < g.kernelWidth; kx++) {
        const x = column * g.stride + kx * g.dilation - g.padLeft
        if (x < 0 || x >= g.inWidth) continue
        const q = p + <usize>(ky * width + kx) * tap + (<usize>lane << 2)
        const v = load<f32>(q)
        if (!at || v > best || (v != v && best == best)) {
          best = v
          at = q
        }
      }
    }
    if (at) store<f32>(at + bytes, load<f32>(at + bytes) + f32x4.extract_lane(d, 0))
    d = v128.shuffle<f32>(d, d, 1, 2, 3, 0)
  }
}

/** dx = into + the plane's pixels that lie on the image. */
function storeInterior(g: Window, image: i32, plane: usize, height: i32, width: i32): void {
  const pixel = g.inPixel
  const first = firstColumn(g)
  const last = lastColumn(g, width)
  for (let row = 0; row < g.inHeight; row++) {
    const offset = <usize>image * g.inImage + <usize>(row * g.inWidth) * pixel
    const y = row + g.padTop
    if (y < 0 || y >= height) {
      keepPixels(g, offset, 0, g.inWidth)
      continue
    }
    keepPixels(g, offset, 0, first)
    const from = plane + <usize>(y * width + first + g.padLeft) * pixel
    const at = offset + <usize>first * pixel
    epilogueRows(0, from, from, g.dx + at, g.into ? g.into + at : 0, last - first, g.inChannels, 0, 0)
    keepPixels(g, offset, last, g.inWidth)
  }
}

/** Pixels that no window covers. */
function keepPixels(g: Window, offset: usize, first: i32, last: i32): void {
  const at = offset + <usize>first * g.inPixel
  const count = (last - first) * g.inChannels
  if (g.into) copy(g.into + at, g.dx + at, count)
  else fill(g.dx + at, 0, count)
}

/** 1 / (pixels of its window inside the image), for every output pixel. */
function fillInverseCounts(g: Window, inverse: usize): void {
  for (let row = 0; row < g.outHeight; row++) {
    const rows = tapsInside(row * g.stride - g.padTop, g.dilation, g.kernelHeight, g.inHeight)
    for (let column = 0; column < g.outWidth; column++) {
      const count = rows * tapsInside(column * g.stride - g.padLeft, g.dilation, g.kernelWidth, g.inWidth)
      store<f32>(inverse, count ? <f32>1 / <f32>count : 0)
      inverse += 4
    }
  }
}

function tapsInside(start: i32, dilation: i32, taps: i32, size: i32): i32 {
  let count = 0
  for (let i = 0; i < taps; i++) {
    const at = start + i * dilation
    if (at >= 0 && at < size) count++
  }
  return count
}

/** dst = src * factors [pixel], one factor a pixel; pixels of dst are `step` bytes apart, those of src follow each other. */
function scalePixels(src: usize, dst: usize, factors: usize, count: i32, channels: i32, step: usize): void {
  const pixel = <usize>channels << 2
  for (let i = 0; i < count; i++) {
    const factor = v128.load32_splat(factors + (<usize>i << 2))
    for (let c = 0; c < channels; c += 4)
      storeLanes(dst + (<usize>c << 2), f32x4.mul(v128.load(src + (<usize>c << 2)), factor), channels - c)
    src += step ? step : pixel
    dst += step ? step : pixel
  }
}

/** Scratch: inverse counts, ones [channels], a row of sums, the plane. */
export function avgPool(args: usize, image: i32, scratch: usize): void {
  const g = changetype<Window>(args)
  if (looksAtNeighbours(g)) meanOfNeighbours(g, image, scratch)
  else if (halves(g)) meanOfHalving(g, image, scratch)
  else avgPoolWindows(g, image, scratch)
  writeMoments(g, image)
}

/** Any windows. */
function avgPoolWindows(g: Window, image: i32, scratch: usize): void {
  const channels = g.inChannels
  const pixel = g.inPixel
  const ones = scratch + (<usize>g.outPixels << 2)
  const sums = ones + pixel
  const plane = sums + <usize>rowPitch(g.outWidth) * pixel
  const width = reach(g.outWidth, g.kernelWidth, g.stride, g.dilation)
  const y = g.y + <usize>image * g.outImage
  fillInverseCounts(g, scratch)
  fill(ones, 1, channels)
  let filled = 0
  for (let row = 0; row < g.outHeight; row++) {
    for (const needed = row * g.stride + (g.kernelHeight - 1) * g.dilation; filled <= needed; filled++)
      fillInputRow(g, image, filled, plane, width, 0)
    correlateRow(plane + <usize>(row * g.stride * width) * pixel, width, ones, 0, sums, g.outWidth, channels,
      g.kernelHeight, g.kernelWidth, g.stride, g.dilation)
    const first = row * g.outWidth
    scalePixels(sums, y + <usize>first * pixel, scratch + (<usize>first << 2), g.outWidth, channels, 0)
  }
}

/** Scratch: inverse counts, ones [channels], a row of sums, the plane of dy. */
export function avgPoolGrad(args: usize, image: i32, scratch: usize): void {
  const g = changetype<Window>(args)
  if (looksAtNeighbours(g)) spreadToNeighbours(g, image, scratch)
  else if (halves(g)) spreadFromHalving(g, image)
  else avgPoolGradWindows(g, image, scratch)
}

/** Any windows. */
function avgPoolGradWindows(g: Window, image: i32, scratch: usize): void {
  const channels = g.inChannels
  const pixel = g.inPixel
  const ones = scratch + (<usize>g.outPixels << 2)
  const sums = ones + pixel
  const plane = sums + <usize>rowPitch(g.inWidth) * pixel
  const width = reach(g.inWidth, g.kernelWidth, 1, g.dilation)
  fillInverseCounts(g, scratch)
  fill(ones, 1, channels)
  let filled = 0
  for (let row = 0; row < g.inHeight; row++) {
    for (const needed = row + (g.kernelHeight - 1) * g.dilation; filled <= needed; filled++) {
      fillGradientRow(g, image, filled, plane, width)
      averageGradientRow(g, filled, plane, width, scratch)
    }
    correlateRow(plane + <usize>(row * width) * pixel, width, ones, 0, sums, g.inWidth, channels, g.kernelHeight, g.kernelWidth, 1, g.dilation)
    const offset = <usize>image * g.inImage + <usize>(row * g.inWidth) * pixel
    epilogueRows(0, sums, sums, g.dx + offset, g.into ? g.into + offset : 0, g.inWidth, channels, 0, 0)
  }
}

/** Multiplies the output pixels in a row of the plane of dy by their inverse counts. */
function averageGradientRow(g: Window, row: i32, plane: usize, width: i32, inverse: usize): void {
  const y = row - gradientTop(g)
  if (y < 0 || y % g.stride != 0 || y / g.stride >= g.outHeight) return
  const left = gradientLeft(g)
  const first = max(0, (g.stride - 1 - left) / g.stride)
  const last = left < width ? min(g.outWidth, (width - 1 - left) / g.stride + 1) : 0
  const at = plane + <usize>(row * width + left + first * g.stride) * g.inPixel
  scalePixels(at, at, inverse + (<usize>(y / g.stride * g.outWidth + first) << 2), last - first, g.inChannels, <usize>g.stride * g.inPixel)
}
