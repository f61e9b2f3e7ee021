// Sums run in float32 over blocks short enough that their rounding stays small; blocks are added in float64.
import { fma, storeLanes } from './vector'

const BLOCK: i32 = 256

@unmanaged
export class Reduction {
  outer: i32
  size: i32
  inner: i32
  x: usize
  y: usize
}

/** y [outer, inner] = sum of x [outer, size, inner] over its middle axis. */
export function sum(args: usize, row: i32): void {
  const a = changetype<Reduction>(args)
  const x = a.x + (<usize>(row * a.size) * a.inner << 2)
  const y = a.y + (<usize>row * a.inner << 2)
  if (a.inner == 1) {
    store<f32>(y, <f32>sumRun(false, x, a.size))
    return
  }
  for (let c = 0; c < a.inner; c += 4) sumColumns(x + (<usize>c << 2), a.size, <usize>a.inner << 2, y + (<usize>c << 2), min(4, a.inner - c))
}

export function sumSquares(x: usize, n: i32): f64 {
  return sumRun(true, x, n)
}

/** Sum of n values, or of their squares. */
@inline
function sumRun(squared: bool, x: usize, n: i32): f64 {
  let total: f64 = 0
  for (let start = 0; start < n; start += 4 * BLOCK) {
    let s = f32x4.splat(0)
    const end = min(n, start + 4 * BLOCK)
    for (let i = start; i + 4 <= end; i += 4) {
      const v = v128.load(x + (<usize>i << 2))
      s = squared ? fma(v, v, s) : f32x4.add(s, v)
    }
    for (let i = start + (end - start & ~3); i < end; i++) {
      const v = <f64>load<f32>(x + (<usize>i << 2))
      total += squared ? v * v : v
    }
    total += <f64>f32x4.extract_lane(s, 0) + <f64>f32x4.extract_lane(s, 1) + <f64>f32x4.extract_lane(s, 2) + <f64>f32x4.extract_lane(s, 3)
  }
  return total
}

function sumColumns(x: usize, n: i32, pitch: usize, y: usize, lanes: i32): void {
  let low = f64x2.splat(0), high = f64x2.splat(0)
  for (let start = 0; start < n; start += BLOCK) {
    let s = f32x4.splat(0)
    for (let i = min(BLOCK, n - start); i > 0; i--) {
      s = f32x4.add(s, v128.load(x))
      x += pitch
    }
    low = f64x2.add(low, f64x2.promote_low_f32x4(s))
    high = f64x2.add(high, f64x2.promote_low_f32x4(v128.shuffle<f32>(s, s, 2, 3, 2, 3)))
  }
  storeLanes(y, v128.shuffle<f32>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 1, 4, 5), lanes)
}

/** y [inner] = sum of x [size, inner] over its rows, all groups of a filter gradient. */
export function sumGroups(x: usize, groups: i32, count: i32, y: usize): void {
  for (let c = 0; c < count; c += 4) sumColumns(x + (<usize>c << 2), groups, <usize>count << 2, y + (<usize>c << 2), min(4, count - c))
}

/** y [rows]: index of the first maximum of x [rows, columns]; NaN counts as a maximum. */
export function argMax(x: usize, rows: i32, columns: i32, y: usize): void {
  for (let row = 0; row < rows; row++) {
    let best: f32 = load<f32>(x)
    let index = 0
    for (let i = 0; i < columns; i++) {
      const v = load<f32>(x)
      if (v > best) {
        best = v
        index = i
      }
      x += 4
    }
    store<f32>(y, <f32>index)
    y += 4
  }
}
