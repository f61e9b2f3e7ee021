// Pooling, down the rows, then along the columns, scaled and added to a map.
import { fma } from './vector'

/** Field order is the wire format: see src/runtime/pooling.ts. */
@unmanaged
class Pool {
  from: usize
  to: usize
  height: i32
  width: i32
  outHeight: i32
  outWidth: i32
  pixel: usize
  size: i32
  stride: i32
  dilation: i32
  /** [channels] */
  scale: usize
  /** What the map is before, or 0: what is there. */
  bias: usize
  /** Room for a row of the input. */
  row: usize
}

@inline
function combine(max: bool, a: v128, b: v128): v128 {
  if (max) return f32x4.pmax(a, b)
  return f32x4.add(a, b)
}

/** Of `count` vectors `step` bytes apart. */
@inline
function column(max: bool, from: usize, step: usize, count: i32): v128 {
  let v = v128.load(from)
  if (count == 3) return combine(max, combine(max, v, v128.load(from + step)), v128.load(from + (step << 1)))
  for (let i = 1; i < count; i++) {
    from += step
    v = combine(max, v, v128.load(from))
  }
  return v
}

/** The first tap of a window that is inside of the map. */
@inline
function firstTap(start: i32, dilation: i32): i32 {
  return start < 0 ? (dilation - 1 - start) / dilation : 0
}

/** How many are, from that one on. */
@inline
function tapsFrom(first: i32, start: i32, dilation: i32, size: i32, length: i32): i32 {
  return min(size - 1, (length - 1 - start) / dilation) - first + 1
}

/** to = (bias, or what is there) + scale * v */
@inline
function addTo(to: usize, v: v128, scale: v128, bias: usize): void {
  v128.store(to, fma(v, scale, v128.load(bias ? bias : to)))
}

/**
 * A row of windows of 3 columns, `stride` (1 or 2, known when compiled) apart, four channels of it; `rows` are those of the windows that are
 * inside of the map. What a column comes to is kept for the windows that it is in.
 */
@inline
function slide(
  max: bool,
  stride: i32,
  from: usize,
  down: usize,
  rows: i32,
  width: i32,
  pixel: usize,
  to: usize,
  scale: v128,
  bias: usize,
): void {
  const shareOf2 = max ? scale : f32x4.mul(scale, f32x4.splat(<f32>1 / <f32>(rows * 2)))
  const shareOf3 = max ? scale : f32x4.mul(scale, f32x4.splat(<f32>1 / <f32>(rows * 3)))
  let here = column(max, from, down, rows)
  from += pixel
  let after = column(max, from, down, rows)
  addTo(to, combine(max, here, after), shareOf2, bias)
  to += pixel
  let x = 1 + stride
  for (; x < width; x += stride, to += pixel) {
    const before = stride == 1 ? here : after
    if (stride == 1) here = after
    else {
      from += pixel
      here = column(max, from, down, rows)
    }
    from += pixel
    after = column(max, from, down, rows)
    addTo(to, combine(max, combine(max, before, here), after), shareOf3, bias)
  }
  if (x > width) return
  if (stride == 1) addTo(to, combine(max, here, after), shareOf2, bias)
  else addTo(to, combine(max, after, column(max, from + pixel, down, rows)), shareOf2, bias)
}

@inline
function run(max: bool, p: Pool): void {
  const width = p.width
  const outWidth = p.outWidth
  const pixel = p.pixel
  const size = p.size
  const stride = p.stride
  const dilation = p.dilation
  const row = p.row
  const bias = p.bias
  const rowBytes = <usize>width * pixel
  const reach = dilation * ((size - 1) >> 1)
  const along = <usize>dilation * pixel
  const down = <usize>dilation * rowBytes
  const slides = size == 3 && stride < 3 && dilation == 1 && width > 1
  let to = p.to
  for (let y = 0; y < p.outHeight; y++) {
    const top = y * stride - reach
    const i = firstTap(top, dilation)
    const rows = tapsFrom(i, top, dilation, size, p.height)
    const from = p.from + <usize>(top + i * dilation) * rowBytes
    if (slides) {
      for (let k: usize = 0; k < pixel; k += 16) {
        const scale = v128.load(p.scale + k)
        const b = bias ? bias + k : 0
        if (stride == 1 && rows == 3) slide(max, 1, from + k, down, 3, width, pixel, to + k, scale, b)
        else if (stride == 1) slide(max, 1, from + k, down, rows, width, pixel, to + k, scale, b)
        else slide(max, 2, from + k, down, rows, width, pixel, to + k, scale, b)
      }
      to += <usize>outWidth * pixel
      continue
    }
    for (let k: usize = 0; k < rowBytes; k += 16) v128.store(row + k, column(max, from + k, down, rows))
    for (let x = 0; x < outWidth; x++, to += pixel) {
      const left = x * stride - reach
      const j = firstTap(left, dilation)
      const columns = tapsFrom(j, left, dilation, size, width)
      const base = row + <usize>(left + j * dilation) * pixel
      const share = f32x4.splat(<f32>1 / <f32>(rows * columns))
      for (let k: usize = 0; k < pixel; k += 16) {
        const scale = v128.load(p.scale + k)
        addTo(
          to + k,
          column(max, base + k, along, columns),
          max ? scale : f32x4.mul(scale, share),
          bias ? bias + k : 0,
        )
      }
    }
  }
}

export function pool(args: usize, max: bool): void {
  if (max) run(true, changetype<Pool>(args))
  else run(false, changetype<Pool>(args))
}
