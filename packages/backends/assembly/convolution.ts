// Convolution as a matrix product over tiles of output pixels: a tile's input windows are gathered into rows (with the
// prologue applied on the way) that stay in the first-level cache; a 1x1 convolution at stride 1 reads its input directly.
import { Window } from './geometry'
import { accumulateOuter, multiply } from './gemm'
import { gradientAt } from './gradient'
import { rowMoments } from './moments'
import { epilogueRows, prologueRows } from './rows'
import { rowSums } from './sums'

/** Floats of a tile: what fits the first-level cache beside the filters. */
const TILE: i32 = 6144

/**
 * Rows of a tile that holds `width` floats a row: few, so that fetching the next rows overlaps with the products of these.
 * src/wasm/windows.ts sizes the scratch by the same rule.
 */
@inline
function tileRows(width: i32): i32 {
  return max(8, min(16, TILE / width) & ~3)
}

@inline
function isPointwise(g: Window): bool {
  return g.taps == 1 && g.stride == 1 && g.padTop == 0 && g.padLeft == 0 &&
    g.outHeight == g.inHeight && g.outWidth == g.inWidth
}

@inline
function isPlain(g: Window): bool {
  return g.activation == 0 && !g.scale
}

/** Windows of the output pixels [first, first + count) of the image x, one row of taps * channels floats each. */
function gather(g: Window, x: usize, first: i32, count: i32, out: usize): void {
  const channels = g.inChannels
  const bytes = g.inPixel
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
  const rows = x + <usize>first * g.inPixel
  if (isPlain(g)) return rows
  prologueRows(g.activation, rows, scratch, count, g.inChannels, g.scale, g.shift)
  return scratch
}

/** w: panels of the [taps * inChannels, outChannels] matrix. Scratch: a tile. */
export function conv2d(args: usize, image: i32, scratch: usize): void {
  const g = changetype<Window>(args)
  const x = g.x + <usize>image * g.inImage
  const y = g.y + <usize>image * g.outImage
  const depth = g.taps * g.inChannels
  const step = tileRows(depth)
  for (let first = 0; first < g.outPixels; first += step) {
    const count = min(step, g.outPixels - first)
    const rows = tile(g, x, first, count, scratch)
    multiply(rows, depth, g.w, y + <usize>first * g.outPixel, g.outChannels, count, depth, g.outChannels)
  }
  if (g.moments) rowMoments(y, g.outPixels, g.outChannels, g.moments + <usize>image * g.outPixel * 2)
}

/**
 * Both gradients in one pass, for a group of images. w: panels of the transposed matrix [outChannels, taps * inChannels].
 * Scratch: a tile of dy, a tile of x, a tile of dx, then an image of the input's size unless pointwise.
 */
export function conv2dGrad(args: usize, group: i32, scratch: usize): void {
  const g = changetype<Window>(args)
  const depth = g.taps * g.inChannels
  const step = tileRows(2 * depth + g.outChannels)
  const rows = scratch + (<usize>(step * g.outChannels + 16) << 2)
  const product = rows + (<usize>(step * depth + 16) << 2)
  const sum = product + (<usize>(step * depth + 16) << 2)
  const pointwise = isPointwise(g)
  const filters = g.dw + (<usize>(group * depth * g.outChannels) << 2)
  if (g.dw) memory.fill(filters, 0, <usize>(depth * g.outChannels) << 2)
  for (let image = g.groupStart(group); image < g.groupStart(group + 1); image++) {
    const offset = <usize>image * g.inImage
    const x = g.x + offset
    if (g.dx && !pointwise) memory.fill(sum, 0, g.inImage)
    for (let first = 0; first < g.outPixels; first += step) {
      const count = min(step, g.outPixels - first)
      const dy = gradientAt(g, image, first, count, scratch)
      if (g.dw) accumulateOuter(tile(g, x, first, count, rows), dy, filters, count, depth, g.outChannels)
      if (!g.dx) continue
      multiply(dy, g.outChannels, g.w, product, depth, count, g.outChannels, depth)
      if (pointwise) finish(g, product, offset + <usize>first * g.inPixel, count)
      else scatter(g, product, first, count, sum)
    }
    if (g.dx && !pointwise) finish(g, sum, offset, g.inPixels)
    if (g.sums) rowSums(g.dx + offset, x, g.inPixels, g.inChannels, g.mean, g.sums + <usize>image * g.inPixel * 2)
  }
}

/** dx = into + d * activation'(h) for `count` pixels from `offset` bytes on. */
@inline
function finish(g: Window, d: usize, offset: usize, count: i32): void {
  epilogueRows(g.activation, d, g.x + offset, g.dx + offset, g.into ? g.into + offset : 0, count, g.inChannels, g.scale, g.shift)
}

/** Adds the rows of a tile to the pixels they were gathered from. */
function scatter(g: Window, rows: usize, first: i32, count: i32, sum: usize): void {
  const bytes = g.inPixel
  for (let i = first; i < first + count; i++) {
    const y0 = i / g.outWidth * g.stride - g.padTop
    const x0 = i % g.outWidth * g.stride - g.padLeft
    for (let ky = 0; ky < g.kernelHeight; ky++) {
      const iy = y0 + ky * g.dilation
      for (let kx = 0; kx < g.kernelWidth; kx++) {
        const ix = x0 + kx * g.dilation
        if (iy >= 0 && iy < g.inHeight && ix >= 0 && ix < g.inWidth) {
          const to = sum + <usize>(iy * g.inWidth + ix) * bytes
          epilogueRows(0, rows, rows, to, to, 1, g.inChannels, 0, 0)
        }
        rows += bytes
      }
    }
  }
}
