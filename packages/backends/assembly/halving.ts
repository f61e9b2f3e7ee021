// Means of 3x3 windows at stride 2, a border of one pixel around the image: what halves an image. Of every column of three pixels the
// sum is made once, though every other one is in two windows; a gradient is read as it is, without zeros between its pixels.
import { Window } from './geometry'
import { inside } from './neighbours'
import { fill, storeLanes } from './vector'

/** Whether all windows are of this kind. */
@inline
export function halves(g: Window): bool {
  return g.kernelHeight == 3 && g.kernelWidth == 3 && g.stride == 2 && g.dilation == 1
    && g.padTop == 1 && g.padLeft == 1 && g.outHeight == (g.inHeight + 1) >> 1 && g.outWidth == (g.inWidth + 1) >> 1
}

/** 1 / (columns, or rows, inside the image) of window `at` along an axis of `size` pixels; 0 where there is no such window. */
@inline
function share(at: i32, size: i32): f32 { return at << 1 < size ? <f32>1 / inside(at << 1, size) : 0 }

/** y = the means of the windows. Scratch: a row. */
export function meanOfHalving(g: Window, image: i32, scratch: usize): void {
  const channels = g.inChannels
  const pixel = g.inPixel
  const width = g.inWidth
  const rowBytes = <usize>width * pixel
  fill(scratch, 0, width * channels + 4)
  let x = g.x + <usize>image * g.inImage
  let y = g.y + <usize>image * g.outImage
  for (let row = 0; row < g.outHeight; row++) {
    const above = row > 0 ? x - rowBytes : scratch
    const below = (row << 1) + 1 < g.inHeight ? x + rowBytes : scratch
    const ofRow = share(row, g.inHeight)
    const middle = f32x4.splat(ofRow / 3)
    for (let c = 0; c < channels; c += 4) {
      const lanes = channels - c
      let at = <usize>c << 2
      let to = y + at
      let before = f32x4.splat(0)
      for (let column = 0; column < g.outWidth; column++, at += pixel << 1, to += pixel) {
        const isWhole = column > 0 && (column << 1) + 1 < width
        const sum = f32x4.add(before, columnOf(above, x, below, at))
        before = (column << 1) + 1 < width ? columnOf(above, x, below, at + pixel) : f32x4.splat(0)
        const factor = isWhole ? middle : f32x4.splat(ofRow * share(column, width))
        storeLanes(to, f32x4.mul(f32x4.add(sum, before), factor), lanes)
      }
    }
    x += rowBytes << 1
    y += <usize>g.outWidth * pixel
  }
}

@inline
function columnOf(above: usize, here: usize, below: usize, at: usize): v128 {
  return f32x4.add(f32x4.add(v128.load(above + at), v128.load(here + at)), v128.load(below + at))
}

/** dx = into + the gradient of every window's mean. An even row is in one row of windows, an odd one in two. */
export function spreadFromHalving(g: Window, image: i32): void {
  const rowBytes = <usize>g.outWidth * g.inPixel
  const offset = <usize>image * g.inImage
  let dy = g.dy + <usize>image * g.outImage
  let dx = g.dx + offset
  let into = g.into ? g.into + offset : 0
  for (let row = 0; row < g.inHeight; row++) {
    const at = row >> 1
    const ofHere = f32x4.splat(share(at, g.inHeight))
    if (row & 1) {
      const isLast = at + 1 == g.outHeight
      const ofBelow = f32x4.splat(share(at + 1, g.inHeight))
      spreadRow(g, true, dy, isLast ? dy : dy + rowBytes, ofHere, ofBelow, dx, into)
      dy += rowBytes
    } else spreadRow(g, false, dy, dy, ofHere, ofHere, dx, into)
    dx += <usize>g.inWidth * g.inPixel
    if (into) into += <usize>g.inWidth * g.inPixel
  }
}

/** A row of dx from the row of windows above it and, of `two` (known when compiled), that below it, each with its weight. */
@inline
function spreadRow(g: Window, two: bool, dy: usize, below: usize, ofHere: v128, ofBelow: v128, dx: usize, into: usize): void {
  const channels = g.inChannels
  const pixel = g.inPixel
  const width = g.inWidth
  const outWidth = g.outWidth
  const middle = f32x4.splat(<f32>1 / 3)
  for (let c = 0; c < channels; c += 4) {
    const lanes = channels - c
    let from = <usize>c << 2
    let at = from
    let here = f32x4.mul(weighted(two, dy, below, from, ofHere, ofBelow), f32x4.splat(share(0, width)))
    for (let column = 0; column < outWidth; column++, at += pixel << 1) {
      from += pixel
      const next = column + 1
      let after = f32x4.splat(0)
      if (next < outWidth)
        after = f32x4.mul(
          weighted(two, dy, below, from, ofHere, ofBelow),
          (next << 1) + 1 < width ? middle : f32x4.splat(share(next, width)),
        )
      put(dx, into, at, here, lanes)
      if ((column << 1) + 1 < width) put(dx, into, at + pixel, f32x4.add(here, after), lanes)
      here = after
    }
  }
}

@inline
function put(dx: usize, into: usize, at: usize, d: v128, lanes: i32): void {
  storeLanes(dx + at, into ? f32x4.add(v128.load(into + at), d) : d, lanes)
}

@inline
function weighted(two: bool, dy: usize, below: usize, at: usize, ofHere: v128, ofBelow: v128): v128 {
  const upper = f32x4.mul(v128.load(dy + at), ofHere)
  return two ? f32x4.add(upper, f32x4.mul(v128.load(below + at), ofBelow)) : upper
}
