// Convolution as a matrix product over tiles of output pixels: a tile's input windows are gathered into rows (with the
// prologue applied on the way) that stay in the first-level cache; a 1x1 convolution at stride 1 reads its input directly.
import { Window } from './geometry'
import { accumulateOuter, multiply } from './gemm'
import { rowMoments } from './normalization'
import { epilogueRows, prologueRows } from './vector'

/** Floats of a gathered tile that fit the first-level cache beside the panels. */
const TILE: i32 = 4096

@inline
function tileRows(width: i32): i32 {
  return max(4, min(64, TILE / width) & ~3)
}

@inline
function isPointwise(g: Window): bool {
  return g.taps == 1 && g.stride == 1 && g.padTop == 0 && g.padLeft == 0 && g.outPixels == g.inPixels
}

/** Windows of the output pixels [first, first + count) of the image x, one row of taps * channels floats each. */
function gather(g: Window, x: usize, first: i32, count: i32, out: usize): void {
  const channels = g.inChannels
  const bytes = <usize>channels << 2
  for (let i = first; i < first + count; i++) {
    const y0 = i / g.outWidth * g.stride - g.padTop
    const x0 = i % g.outWidth * g.stride - g.padLeft
    for (let ky = 0; ky < g.kernelHeight; ky++) {
      const iy = y0 + ky * g.dilation
      for (let kx = 0; kx < g.kernelWidth; kx++) {
        const ix = x0 + kx * g.dilation
        if (iy >= 0 && iy < g.inHeight && ix >= 0 && ix < g.inWidth) {
          const run = g.dilation == 1 ? min(g.kernelWidth - kx, g.inWidth - ix) : 1
          prologueRows(g.activation, x + <usize>(iy * g.inWidth + ix) * bytes, out, run, channels, g.scale, g.shift)
          kx += run - 1
          out += <usize>run * bytes
        } else {
          memory.fill(out, 0, bytes)
          out += bytes
        }
      }
    }
  }
}

/** The rows of a tile: x itself where nothing has to be done, else `scratch`. */
@inline
function tile(g: Window, x: usize, first: i32, count: i32, scratch: usize): usize {
  if (!isPointwise(g)) {
    gather(g, x, first, count, scratch)
    return scratch
  }
  const rows = x + (<usize>first * g.inChannels << 2)
  if (g.activation == 0 && !g.scale) return rows
  prologueRows(g.activation, rows, scratch, count, g.inChannels, g.scale, g.shift)
  return scratch
}

/** w: panels of the [taps * inChannels, outChannels] matrix. Scratch: a tile. */
export function conv2d(args: usize, image: i32, scratch: usize): void {
  const g = changetype<Window>(args)
  const x = g.inImage(g.x, image)
  const y = g.outImage(g.y, image)
  const depth = g.taps * g.inChannels
  const step = tileRows(depth)
  for (let first = 0; first < g.outPixels; first += step) {
    const count = min(step, g.outPixels - first)
    const rows = tile(g, x, first, count, scratch)
    multiply(rows, depth, g.w, y + (<usize>first * g.outChannels << 2), g.outChannels, count, depth, g.outChannels)
  }
  if (g.partials) rowMoments(y, g.outPixels, g.outChannels, g.partials + (<usize>image * g.outChannels << 3))
}

/**
 * x: the input, y: dy, w: panels of the transposed matrix [outChannels, taps * inChannels], partials: dx.
 * Scratch: a tile, then an image of the input's size unless pointwise.
 */
export function conv2dInputGrad(args: usize, image: i32, scratch: usize): void {
  const g = changetype<Window>(args)
  const x = g.inImage(g.x, image)
  const dy = g.outImage(g.y, image)
  const dx = g.inImage(g.partials, image)
  const into = g.into ? g.inImage(g.into, image) : 0
  const depth = g.taps * g.inChannels
  const step = tileRows(depth)
  const pointwise = isPointwise(g)
  const sum = scratch + (<usize>step * depth << 2)
  if (!pointwise) memory.fill(sum, 0, <usize>g.inPixels * g.inChannels << 2)
  for (let first = 0; first < g.outPixels; first += step) {
    const count = min(step, g.outPixels - first)
    multiply(dy + (<usize>first * g.outChannels << 2), g.outChannels, g.w, scratch, depth, count, g.outChannels, depth)
    if (pointwise) {
      const at = <usize>first * depth << 2
      epilogueRows(g.activation, scratch, x + at, dx + at, into ? into + at : 0, count, depth, g.scale, g.shift)
    } else scatter(g, scratch, first, count, sum)
  }
  if (!pointwise) epilogueRows(g.activation, sum, x, dx, into, g.inPixels, g.inChannels, g.scale, g.shift)
}

/** Adds the rows of a tile to the pixels they were gathered from. */
function scatter(g: Window, rows: usize, first: i32, count: i32, sum: usize): void {
  const channels = g.inChannels
  const bytes = <usize>channels << 2
  for (let i = first; i < first + count; i++) {
    const y0 = i / g.outWidth * g.stride - g.padTop
    const x0 = i % g.outWidth * g.stride - g.padLeft
    for (let ky = 0; ky < g.kernelHeight; ky++) {
      const iy = y0 + ky * g.dilation
      for (let kx = 0; kx < g.kernelWidth; kx++) {
        const ix = x0 + kx * g.dilation
        if (iy >= 0 && iy < g.inHeight && ix >= 0 && ix < g.inWidth)
          epilogueRows(0, rows, rows, sum + <usize>(iy * g.inWidth + ix) * bytes, sum + <usize>(iy * g.inWidth + ix) * bytes, 1, channels, 0, 0)
        rows += bytes
      }
    }
  }
}

/** x: the input, y: dy, partials: one [taps * inChannels, outChannels] a group of images. Scratch: a tile. */
export function conv2dFilterGrad(args: usize, group: i32, scratch: usize): void {
  const g = changetype<Window>(args)
  const depth = g.taps * g.inChannels
  const sum = g.partials + (<usize>group * depth * g.outChannels << 2)
  memory.fill(sum, 0, <usize>depth * g.outChannels << 2)
  const step = tileRows(depth + g.outChannels)
  for (let image = g.groupStart(group); image < g.groupStart(group + 1); image++) {
    const x = g.inImage(g.x, image)
    const dy = g.outImage(g.y, image)
    for (let first = 0; first < g.outPixels; first += step) {
      const count = min(step, g.outPixels - first)
      accumulateOuter(tile(g, x, first, count, scratch), dy + (<usize>first * g.outChannels << 2), sum, count, depth, g.outChannels)
    }
  }
}
