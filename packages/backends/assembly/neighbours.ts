// Pooling where a window is a pixel with its eight neighbours: 3x3 at stride 1, a border of one pixel around the image. Of every column of
// three pixels the largest, or the sum, is made once and used by three windows. Nothing but the image is read; a border is never written out.
import { Window } from './geometry'
import { fill, storeLanes } from './vector'

/** Whether all windows are of this kind. */
@inline
export function looksAtNeighbours(g: Window): bool {
  return g.kernelHeight == 3 && g.kernelWidth == 3 && g.stride == 1 && g.dilation == 1
    && g.padTop == 1 && g.padLeft == 1 && g.outHeight == g.inHeight && g.outWidth == g.inWidth
}

/** The larger of a and b, a where they are equal: neither is NaN. */
@inline
function larger(a: v128, b: v128): v128 { return f32x4.pmax(a, b) }

/** y = the largest values of the windows of an ordinary image. Scratch: a row. */
export function largestOfNeighbours(g: Window, image: i32, scratch: usize): void {
  const channels = g.inChannels
  const pixel = g.inPixel
  const rowBytes = <usize>g.inWidth * pixel
  fill(scratch, -Infinity, g.inWidth * channels + 4)
  let x = g.x + <usize>image * g.inImage
  let y = g.y + <usize>image * g.outImage
  for (let row = 0; row < g.inHeight; row++) {
    const above = row > 0 ? x - rowBytes : scratch
    const below = row + 1 < g.inHeight ? x + rowBytes : scratch
    for (let c = 0; c < channels; c += 4) {
      const first = <usize>c << 2
      const lanes = channels - c
      let before = f32x4.splat(-Infinity)
      let here = larger(larger(v128.load(above + first), v128.load(x + first)), v128.load(below + first))
      let at = first
      for (const last = rowBytes - pixel + first; at < last; at += pixel) {
        const next = at + pixel
        const after = larger(larger(v128.load(above + next), v128.load(x + next)), v128.load(below + next))
        storeLanes(y + at, larger(larger(before, here), after), lanes)
        before = here
        here = after
      }
      storeLanes(y + at, larger(before, here), lanes)
    }
    x += rowBytes
    y += rowBytes
  }
}

/** A column of three pixels: its largest value, and three times the row (0 to 2) of the first pixel that has it. */
@inline
function rowOfLargest(a: v128, b: v128, m: v128): v128 {
  const three = i32x4.splat(3)
  const notFirst = v128.and(f32x4.ne(a, m), three)
  return i32x4.add(notFirst, v128.and(f32x4.ne(b, m), notFirst))
}

/** Adds what a column of windows gives to a column of pixels to the pixel that the column's largest value is at. */
@inline
function passOn(sum: v128, place: v128, above: usize, here: usize, below: usize, into: usize): void {
  v128.store(above, f32x4.add(v128.load(above), v128.and(sum, i32x4.eq(place, i32x4.splat(0)))))
  v128.store(here, f32x4.add(v128.load(here), v128.and(sum, i32x4.eq(place, i32x4.splat(3)))))
  const d = v128.and(sum, i32x4.eq(place, i32x4.splat(6)))
  v128.store(below, into ? f32x4.add(v128.load(into), d) : d)
}

/**
 * dx = into + the gradient of every window at its first largest pixel, of an ordinary image whose channels are a multiple of four.
 * Scratch: two rows.
 */
export function passToLargestNeighbour(g: Window, image: i32, scratch: usize): void {
  const channels = g.inChannels
  const pixel = g.inPixel
  const rowBytes = <usize>g.inWidth * pixel
  const outside = scratch + rowBytes
  fill(scratch, -Infinity, g.inWidth * channels)
  fill(outside, 0, g.inWidth * channels)
  const offset = <usize>image * g.inImage
  let x = g.x + offset
  let dy = g.dy + offset
  let dx = g.dx + offset
  if (!g.into) memory.fill(dx, 0, rowBytes)
  else if (g.into != g.dx) memory.copy(dx, g.into + offset, rowBytes)
  for (let row = 0; row < g.inHeight; row++) {
    const isLast = row + 1 == g.inHeight
    const above = row > 0 ? x - rowBytes : scratch
    const below = isLast ? scratch : x + rowBytes
    const dxAbove = row > 0 ? dx - rowBytes : outside
    const dxBelow = isLast ? outside : dx + rowBytes
    const into: usize = isLast || !g.into ? 0 : g.into + offset + <usize>(row + 1) * rowBytes
    for (let c = 0; c < channels; c += 4)
      passRow(above, x, below, dy, dxAbove, dx, dxBelow, into, <usize>c << 2, rowBytes - pixel + (<usize>c << 2), pixel)
    x += rowBytes
    dy += rowBytes
    dx += rowBytes
  }
}

/** A row of windows and four channels, from the first pixel to the last. */
@inline
function passRow(
  above: usize, x: usize, below: usize, dy: usize, dxAbove: usize, dx: usize, dxBelow: usize, into: usize,
  first: usize, last: usize, pixel: usize,
): void {
  const one = i32x4.splat(1), two = i32x4.splat(2)
  let before = f32x4.splat(-Infinity), placeBefore = i32x4.splat(0)
  let a = v128.load(above + first), b = v128.load(x + first)
  let here = larger(larger(a, b), v128.load(below + first))
  let place = rowOfLargest(a, b, here)
  // What the windows so far give to the column before the current one, and to the current one.
  let sumBefore = f32x4.splat(0), sum = f32x4.splat(0)
  for (let at = first; at <= last; at += pixel) {
    let after = f32x4.splat(-Infinity), placeAfter = i32x4.splat(0)
    if (at < last) {
      a = v128.load(above + at + pixel)
      b = v128.load(x + at + pixel)
      after = larger(larger(a, b), v128.load(below + at + pixel))
      placeAfter = rowOfLargest(a, b, after)
    }
    const m = larger(larger(before, here), after)
    // The window's pixels are numbered row by row; what is not the largest has the largest number.
    const inBefore = v128.or(placeBefore, f32x4.ne(before, m))
    const inHere = v128.or(i32x4.add(place, one), f32x4.ne(here, m))
    const inAfter = v128.or(i32x4.add(placeAfter, two), f32x4.ne(after, m))
    const winner = i32x4.min_u(i32x4.min_u(inBefore, inHere), inAfter)
    const d = v128.load(dy + at)
    if (at > first) {
      const p = at - pixel
      const whole = f32x4.add(sumBefore, v128.and(d, i32x4.eq(winner, inBefore)))
      passOn(whole, placeBefore, dxAbove + p, dx + p, dxBelow + p, into ? into + p : 0)
    }
    sumBefore = f32x4.add(sum, v128.and(d, i32x4.eq(winner, inHere)))
    sum = v128.and(d, i32x4.eq(winner, inAfter))
    before = here
    placeBefore = place
    here = after
    place = placeAfter
  }
  passOn(sumBefore, placeBefore, dxAbove + last, dx + last, dxBelow + last, into ? into + last : 0)
}

/** Pixels of a window that lie inside an image of `size` rows (columns) in that direction. */
@inline
export function inside(at: i32, size: i32): f32 { return <f32>(3 - (at == 0 ? 1 : 0) - (at + 1 == size ? 1 : 0)) }

/** y = the means of the windows. Scratch: a row. */
export function meanOfNeighbours(g: Window, image: i32, scratch: usize): void {
  const channels = g.inChannels
  const pixel = g.inPixel
  const rowBytes = <usize>g.inWidth * pixel
  fill(scratch, 0, g.inWidth * channels + 4)
  const outer = inside(0, g.inWidth)
  let x = g.x + <usize>image * g.inImage
  let y = g.y + <usize>image * g.outImage
  for (let row = 0; row < g.inHeight; row++) {
    const above = row > 0 ? x - rowBytes : scratch
    const below = row + 1 < g.inHeight ? x + rowBytes : scratch
    const rows = inside(row, g.inHeight)
    const edge = f32x4.splat(<f32>1 / (rows * outer)), middle = f32x4.splat(<f32>1 / (rows * 3))
    for (let c = 0; c < channels; c += 4) {
      const first = <usize>c << 2
      const lanes = channels - c
      let before = f32x4.splat(0)
      let here = f32x4.add(f32x4.add(v128.load(above + first), v128.load(x + first)), v128.load(below + first))
      let factor = edge
      let at = first
      for (const last = rowBytes - pixel + first; at < last; at += pixel) {
        const next = at + pixel
        const after = f32x4.add(f32x4.add(v128.load(above + next), v128.load(x + next)), v128.load(below + next))
        storeLanes(y + at, f32x4.mul(f32x4.add(f32x4.add(before, here), after), factor), lanes)
        before = here
        here = after
        factor = middle
      }
      storeLanes(y + at, f32x4.mul(f32x4.add(before, here), edge), lanes)
    }
    x += rowBytes
    y += rowBytes
  }
}

/** dx = into + the gradient of every window's mean. Scratch: a row. */
export function spreadToNeighbours(g: Window, image: i32, scratch: usize): void {
  const channels = g.inChannels
  const pixel = g.inPixel
  const rowBytes = <usize>g.inWidth * pixel
  fill(scratch, 0, g.inWidth * channels + 4)
  const edge = f32x4.splat(<f32>1 / inside(0, g.inWidth)), middle = f32x4.splat(<f32>1 / 3)
  const offset = <usize>image * g.inImage
  let dy = g.dy + offset
  let dx = g.dx + offset
  let into = g.into ? g.into + offset : 0
  for (let row = 0; row < g.inHeight; row++) {
    const above = row > 0 ? dy - rowBytes : scratch
    const below = row + 1 < g.inHeight ? dy + rowBytes : scratch
    const ofAbove = f32x4.splat(<f32>1 / inside(row - 1, g.inHeight))
    const ofHere = f32x4.splat(<f32>1 / inside(row, g.inHeight))
    const ofBelow = f32x4.splat(<f32>1 / inside(row + 1, g.inHeight))
    for (let c = 0; c < channels; c += 4) {
      const first = <usize>c << 2
      const last = rowBytes - pixel + first
      const lanes = channels - c
      let before = f32x4.splat(0)
      let here = weighted(above, dy, below, first, ofAbove, ofHere, ofBelow, edge)
      for (let at = first; at <= last; at += pixel) {
        const next = at + pixel
        const after = at < last
          ? weighted(above, dy, below, next, ofAbove, ofHere, ofBelow, next < last ? middle : edge)
          : f32x4.splat(0)
        const sum = f32x4.add(f32x4.add(before, here), after)
        storeLanes(dx + at, into ? f32x4.add(v128.load(into + at), sum) : sum, lanes)
        before = here
        here = after
      }
    }
    dy += rowBytes
    dx += rowBytes
    if (into) into += rowBytes
  }
}

/** A column of three pixels, each divided by how many pixels its window has. */
@inline
function weighted(
  above: usize, here: usize, below: usize, at: usize, ofAbove: v128, ofHere: v128, ofBelow: v128, ofColumn: v128,
): v128 {
  const upper = f32x4.add(f32x4.mul(v128.load(above + at), ofAbove), f32x4.mul(v128.load(here + at), ofHere))
  return f32x4.mul(f32x4.add(upper, f32x4.mul(v128.load(below + at), ofBelow)), ofColumn)
}
