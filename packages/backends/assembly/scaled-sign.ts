// 1-bit filters: sign(x) * mean |x| of every group of values, and its gradient. A group is a channel, and four of them are
// walked down together, or the whole tensor, walked along by four. Filters are small: the calling thread alone.
import { activate, activationGrad, SIGN, storeLanes } from './vector'

/** v with zeros after its first `lanes`. */
@inline
function firstLanes(v: v128, lanes: i32): v128 {
  if (lanes >= 4) return v
  return v128.and(v, i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(lanes)))
}

/** Mean of `count` values per lane; with `whole` of the lanes together. */
@inline
function mean(sums: v128, whole: bool, count: i32): v128 {
  if (!whole) return f32x4.div(sums, f32x4.splat(<f32>count))
  const total = f32x4.extract_lane(sums, 0) + f32x4.extract_lane(sums, 1) + (f32x4.extract_lane(sums, 2) + f32x4.extract_lane(sums, 3))
  return f32x4.splat(total / <f32>count)
}

function scaledSignOf(x: usize, y: usize, vectors: i32, pitch: usize, lanes: i32, lastLanes: i32, whole: bool, count: i32): void {
  let sums = f32x4.splat(0)
  for (let i = 0; i < vectors; i++) {
    const valid = i == vectors - 1 ? lastLanes : lanes
    sums = f32x4.add(sums, firstLanes(f32x4.abs(v128.load(x + <usize>i * pitch)), valid))
  }
  const scale = mean(sums, whole, count)
  for (let i = 0; i < vectors; i++) {
    const at = <usize>i * pitch
    storeLanes(y + at, f32x4.mul(scale, activate(SIGN, v128.load(x + at))), i == vectors - 1 ? lastLanes : lanes)
  }
}

function scaledSignGradOf(
  mode: i32, dy: usize, x: usize, y: usize, vectors: i32, pitch: usize, lanes: i32, lastLanes: i32, whole: bool, count: i32,
): void {
  let sizes = f32x4.splat(0), products = sizes
  for (let i = 0; i < vectors; i++) {
    const at = <usize>i * pitch, valid = i == vectors - 1 ? lastLanes : lanes
    const v = v128.load(x + at)
    sizes = f32x4.add(sizes, firstLanes(f32x4.abs(v), valid))
    products = f32x4.add(products, firstLanes(f32x4.mul(activate(SIGN, v), v128.load(dy + at)), valid))
  }
  const scale = mean(sizes, whole, count), toScale = mean(products, whole, count)
  for (let i = 0; i < vectors; i++) {
    const at = <usize>i * pitch
    const v = v128.load(x + at)
    const through = activationGrad(mode, v, f32x4.mul(scale, v128.load(dy + at)))
    storeLanes(y + at, f32x4.add(through, f32x4.mul(activate(SIGN, v), toScale)), i == vectors - 1 ? lastLanes : lanes)
  }
}

/** x and y [rows, channels]. */
export function scaledSign(x: usize, rows: i32, channels: i32, whole: bool, y: usize): void {
  const count = rows * channels
  if (whole) scaledSignOf(x, y, (count + 3) >> 2, 16, 4, ((count - 1) & 3) + 1, true, count)
  else
    for (let c = 0; c < channels; c += 4) {
      const at = <usize>c << 2, lanes = min(4, channels - c)
      scaledSignOf(x + at, y + at, rows, <usize>channels << 2, lanes, lanes, false, rows)
    }
}

export function scaledSignGrad(mode: i32, dy: usize, x: usize, rows: i32, channels: i32, whole: bool, y: usize): void {
  const count = rows * channels
  if (whole) scaledSignGradOf(mode, dy, x, y, (count + 3) >> 2, 16, 4, ((count - 1) & 3) + 1, true, count)
  else
    for (let c = 0; c < channels; c += 4) {
      const at = <usize>c << 2, lanes = min(4, channels - c)
      scaledSignGradOf(mode, dy + at, x + at, y + at, rows, <usize>channels << 2, lanes, lanes, false, rows)
    }
}
