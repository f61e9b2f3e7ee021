// Pooling over the same planes of four channels as depthwise convolution.
import { correlate, fillGradientPlane, fillPlane, finishPlane, planeSize, rowPitch, storePlane } from './depthwise'
import { Window } from './geometry'
import { rowMoments } from './normalization'
import { IDENTITY, loadLanes, storeLanes } from './vector'

/** Scratch: the output's four channels, the plane. */
export function maxPool(args: usize, image: i32, scratch: usize): void {
  const g = changetype<Window>(args)
  const channels = g.inChannels
  const pitch = rowPitch(g.outWidth)
  const plane = scratch + (<usize>(g.outHeight * pitch) << 4)
  const width = planeSize(pitch, g.kernelWidth, g.stride, g.dilation)
  const y = g.outImage(g.y, image)
  for (let c = 0; c < channels; c += 4) {
    const lanes = min(4, channels - c)
    const at = <usize>c << 2
    fillInputPlane(g, plane, width, image, at, lanes)
    for (let row = 0; row < g.outHeight; row++) {
      let out = scratch + (<usize>(row * pitch) << 4)
      for (let column = 0; column < pitch; column += 4) {
        largest4(g, plane + (<usize>(row * g.stride * width + column * g.stride) << 4), width, out)
        out += 64
      }
    }
    storePlane(scratch, g.outHeight, g.outWidth, y + at, channels, lanes)
  }
  if (g.partials) rowMoments(y, g.outPixels, channels, g.partials + (<usize>image * channels << 3))
}

@inline
function fillInputPlane(g: Window, plane: usize, width: i32, image: i32, at: usize, lanes: i32): void {
  fillPlane(plane, planeSize(g.outHeight, g.kernelHeight, g.stride, g.dilation), width, g.padTop, g.padLeft, 1,
    g.inImage(g.x, image) + at, g.inHeight, g.inWidth, g.inChannels, lanes, f32x4.splat(-Infinity), IDENTITY, 0, 0)
}

@inline
function largest4(g: Window, p: usize, width: i32, out: usize): void {
  const step = <usize>g.stride << 4
  const tap = <usize>g.dilation << 4
  let m0 = f32x4.splat(-Infinity), m1 = m0, m2 = m0, m3 = m0
  for (let ky = 0; ky < g.kernelHeight; ky++) {
    let q = p
    for (let kx = 0; kx < g.kernelWidth; kx++) {
      m0 = f32x4.max(m0, v128.load(q))
      m1 = f32x4.max(m1, v128.load(q + step))
      m2 = f32x4.max(m2, v128.load(q + 2 * step))
      m3 = f32x4.max(m3, v128.load(q + 3 * step))
      q += tap
    }
    p += (<usize>width << 4) * g.dilation
  }
  v128.store(out, m0)
  v128.store(out, m1, 16)
  v128.store(out, m2, 32)
  v128.store(out, m3, 48)
}

/** x: the input, y: dy, partials: dx. Scratch: the plane of x, the plane of dx. */
export function maxPoolGrad(args: usize, image: i32, scratch: usize): void {
  const g = changetype<Window>(args)
  const channels = g.inChannels
  const width = planeSize(rowPitch(g.outWidth), g.kernelWidth, g.stride, g.dilation)
  const height = planeSize(g.outHeight, g.kernelHeight, g.stride, g.dilation)
  const bytes = <usize>(height * width) << 4
  const gradient = scratch + bytes
  const dy = g.outImage(g.y, image)
  const dx = g.inImage(g.partials, image)
  const into = g.into ? g.inImage(g.into, image) : 0
  for (let c = 0; c < channels; c += 4) {
    const lanes = min(4, channels - c)
    const at = <usize>c << 2
    fillInputPlane(g, scratch, width, image, at, lanes)
    memory.fill(gradient, 0, bytes)
    let from = dy + at
    for (let row = 0; row < g.outHeight; row++)
      for (let column = 0; column < g.outWidth; column++) {
        passToFirstMaximum(g, scratch + (<usize>((row * width + column) * g.stride) << 4), bytes, width, loadLanes(from, lanes))
        from += <usize>channels << 2
      }
    storeInterior(g, gradient, height, width, dx + at, into ? into + at : 0, lanes)
  }
}

/** Adds d to the gradient plane (`bytes` behind the input's) at the window's first maximum, lane by lane. */
@inline
function passToFirstMaximum(g: Window, p: usize, bytes: usize, width: i32, d: v128): void {
  const rowStep = (<usize>width << 4) * g.dilation
  const tap = <usize>g.dilation << 4
  let best = f32x4.splat(-Infinity)
  let index = i32x4.splat(-1)
  let i = 0
  let row = p
  for (let ky = 0; ky < g.kernelHeight; ky++) {
    let q = row
    for (let kx = 0; kx < g.kernelWidth; kx++) {
      const v = v128.load(q)
      const better = v128.or(f32x4.gt(v, best), v128.and(f32x4.ne(v, v), f32x4.eq(best, best)))
      best = v128.bitselect(v, best, better)
      index = v128.bitselect(i32x4.splat(i), index, better)
      q += tap
      i++
    }
    row += rowStep
  }
  i = 0
  row = p + bytes
  for (let ky = 0; ky < g.kernelHeight; ky++) {
    let q = row
    for (let kx = 0; kx < g.kernelWidth; kx++) {
      v128.store(q, f32x4.add(v128.load(q), v128.and(d, i32x4.eq(index, i32x4.splat(i)))))
      q += tap
      i++
    }
    row += rowStep
  }
}

/** dx = into + the plane's pixels that lie on the image. */
function storeInterior(g: Window, plane: usize, height: i32, width: i32, dx: usize, into: usize, lanes: i32): void {
  const pitch = <usize>g.inChannels << 2
  for (let row = 0; row < g.inHeight; row++) {
    const py = row + g.padTop
    for (let column = 0; column < g.inWidth; column++) {
      const px = column + g.padLeft
      const inside = py >= 0 && py < height && px >= 0 && px < width
      let v = inside ? v128.load(plane + (<usize>(py * width + px) << 4)) : f32x4.splat(0)
      if (into) {
        v = f32x4.add(v, loadLanes(into, lanes))
        into += pitch
      }
      storeLanes(dx, v, lanes)
      dx += pitch
    }
  }
}

/** taps vectors of ones, then for every output pixel 1 / (pixels of its window inside the image). */
function fillAverages(g: Window, ones: usize, inverse: usize): void {
  for (let i = 0; i < g.taps; i++) v128.store(ones + (<usize>i << 4), f32x4.splat(1))
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

/** Scratch: ones, inverse counts (rounded up to 16 bytes), the output's four channels, the plane. */
export function avgPool(args: usize, image: i32, scratch: usize): void {
  const g = changetype<Window>(args)
  const channels = g.inChannels
  const inverse = scratch + (<usize>g.taps << 4)
  const out = inverse + ((<usize>g.outPixels << 2) + 15 & ~15)
  const pitch = rowPitch(g.outWidth)
  const plane = out + (<usize>(g.outHeight * pitch) << 4)
  const height = planeSize(g.outHeight, g.kernelHeight, g.stride, g.dilation)
  const width = planeSize(pitch, g.kernelWidth, g.stride, g.dilation)
  const x = g.inImage(g.x, image)
  const y = g.outImage(g.y, image)
  fillAverages(g, scratch, inverse)
  for (let c = 0; c < channels; c += 4) {
    const lanes = min(4, channels - c)
    const at = <usize>c << 2
    fillPlane(plane, height, width, g.padTop, g.padLeft, 1, x + at, g.inHeight, g.inWidth, channels, lanes,
      f32x4.splat(0), IDENTITY, 0, 0)
    correlate(plane, width, scratch, out, g.outHeight, g.outWidth, g.kernelHeight, g.kernelWidth, g.stride, g.dilation)
    for (let row = 0; row < g.outHeight; row++)
      for (let column = 0; column < g.outWidth; column++) {
        const p = out + (<usize>(row * pitch + column) << 4)
        v128.store(p, f32x4.mul(v128.load(p), v128.load32_splat(inverse + (<usize>(row * g.outWidth + column) << 2))))
      }
    storePlane(out, g.outHeight, g.outWidth, y + at, channels, lanes)
  }
  if (g.partials) rowMoments(y, g.outPixels, channels, g.partials + (<usize>image * channels << 3))
}

/** y: dy, partials: dx. Scratch: ones, inverse counts, dy's four channels averaged, the input's four channels, the plane. */
export function avgPoolGrad(args: usize, image: i32, scratch: usize): void {
  const g = changetype<Window>(args)
  const channels = g.inChannels
  const inverse = scratch + (<usize>g.taps << 4)
  const averaged = inverse + ((<usize>g.outPixels << 2) + 15 & ~15)
  const out = averaged + (<usize>g.outPixels << 4)
  const pitch = rowPitch(g.inWidth)
  const plane = out + (<usize>(g.inHeight * pitch) << 4)
  const height = planeSize(g.inHeight, g.kernelHeight, 1, g.dilation)
  const width = planeSize(pitch, g.kernelWidth, 1, g.dilation)
  const dy = g.outImage(g.y, image)
  const dx = g.inImage(g.partials, image)
  const into = g.into ? g.inImage(g.into, image) : 0
  fillAverages(g, scratch, inverse)
  for (let c = 0; c < channels; c += 4) {
    const lanes = min(4, channels - c)
    const at = <usize>c << 2
    for (let i = 0; i < g.outPixels; i++) {
      const v = loadLanes(dy + at + (<usize>(i * channels) << 2), lanes)
      v128.store(averaged + (<usize>i << 4), f32x4.mul(v, v128.load32_splat(inverse + (<usize>i << 2))))
    }
    fillGradientPlane(g, plane, height, width, averaged, 4, 4)
    correlate(plane, width, scratch, out, g.inHeight, g.inWidth, g.kernelHeight, g.kernelWidth, 1, g.dilation)
    finishPlane(IDENTITY, out, g.inHeight, g.inWidth, dx + at, dx + at, into ? into + at : 0, channels, lanes, 0, 0)
  }
}
