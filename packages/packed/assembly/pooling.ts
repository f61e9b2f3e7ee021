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

@inline
function run(max: bool, p: Pool): void {
  const rowBytes = <usize>p.width * p.pixel
  const reach = p.dilation * ((p.size - 1) >> 1)
  const along = <usize>p.dilation * p.pixel
  let to = p.to
  for (let y = 0; y < p.outHeight; y++) {
    const top = y * p.stride - reach
    const i = firstTap(top, p.dilation)
    const rows = tapsFrom(i, top, p.dilation, p.size, p.height)
    const from = p.from + <usize>(top + i * p.dilation) * rowBytes
    const down = <usize>p.dilation * rowBytes
    for (let k: usize = 0; k < rowBytes; k += 16) v128.store(p.row + k, column(max, from + k, down, rows))
    for (let x = 0; x < p.outWidth; x++, to += p.pixel) {
      const left = x * p.stride - reach
      const j = firstTap(left, p.dilation)
      const columns = tapsFrom(j, left, p.dilation, p.size, p.width)
      const base = p.row + <usize>(left + j * p.dilation) * p.pixel
      const share = f32x4.splat(<f32>1 / <f32>(rows * columns))
      for (let k: usize = 0; k < p.pixel; k += 16) {
        let v = column(max, base + k, along, columns)
        if (!max) v = f32x4.mul(v, share)
        v128.store(to + k, fma(v, v128.load(p.scale + k), v128.load(p.bias ? p.bias + k : to + k)))
      }
    }
  }
}

export function pool(args: usize, max: bool): void {
  if (max) run(true, changetype<Pool>(args))
  else run(false, changetype<Pool>(args))
}
