// PReLU (He et al. 2015): x where it is above 0, else slope * x, a slope a channel. A chunk is a block of rows.
import { addLanes, BLOCK, fma, storeLanes } from './vector'

@unmanaged
class Prelu {
  count: i32
  channels: i32
  perChunk: i32
  x: usize
  slope: usize
  /** Forward: the result. */
  y: usize
  /** Gradients: of the result, of x, and [chunks, channels] of the slopes. */
  dy: usize
  dx: usize
  slopes: usize
}

@inline
function isPositive(x: v128): v128 { return f32x4.gt(x, f32x4.splat(0)) }

@inline
function prelu4(x: usize, slope: v128): v128 {
  const v = v128.load(x)
  return v128.bitselect(v, f32x4.mul(v, slope), isPositive(v))
}

/** y = prelu(x). */
export function prelu(args: usize, chunk: i32): void {
  const a = changetype<Prelu>(args)
  const pitch = <usize>a.channels << 2
  const first = chunk * a.perChunk
  const last = min(a.count, first + a.perChunk)
  const block = max(1, BLOCK / a.channels)
  for (let row = first; row < last; row += block) {
    const from = <usize>row * pitch
    const end = <usize>min(last, row + block) * pitch
    let c = 0
    for (; c + 16 <= a.channels; c += 16) {
      const at = <usize>c << 2
      const s0 = v128.load(a.slope + at), s1 = v128.load(a.slope + at, 16), s2 = v128.load(a.slope + at, 32), s3 = v128.load(a.slope + at, 48)
      for (let i = from + at; i < end; i += pitch) {
        const x = a.x + i, y = a.y + i
        v128.store(y, prelu4(x, s0))
        v128.store(y, prelu4(x + 16, s1), 16)
        v128.store(y, prelu4(x + 32, s2), 32)
        v128.store(y, prelu4(x + 48, s3), 48)
      }
    }
    for (; c < a.channels; c += 4) {
      const at = <usize>c << 2
      const s = v128.load(a.slope + at)
      for (let i = from + at; i < end; i += pitch) storeLanes(a.y + i, prelu4(a.x + i, s), a.channels - c)
    }
  }
}

/** The gradients: dx, and the sums of the slopes' over the chunk's rows. */
export function preluGrad(args: usize, chunk: i32): void {
  const a = changetype<Prelu>(args)
  const pitch = <usize>a.channels << 2
  const first = chunk * a.perChunk
  const last = min(a.count, first + a.perChunk)
  const block = max(1, BLOCK / a.channels)
  const sums = a.slopes + <usize>chunk * pitch
  memory.fill(sums, 0, pitch)
  for (let row = first; row < last; row += block) {
    const from = <usize>row * pitch
    const end = <usize>min(last, row + block) * pitch
    let c = 0
    for (; c + 8 <= a.channels; c += 8) {
      const at = <usize>c << 2
      const s0 = v128.load(a.slope + at), s1 = v128.load(a.slope + at, 16)
      let t0 = f32x4.splat(0), t1 = f32x4.splat(0)
      for (let i = from + at; i < end; i += pitch) {
        const x0 = v128.load(a.x + i), x1 = v128.load(a.x + i, 16)
        const d0 = v128.load(a.dy + i), d1 = v128.load(a.dy + i, 16)
        const p0 = isPositive(x0), p1 = isPositive(x1)
        v128.store(a.dx + i, v128.bitselect(d0, f32x4.mul(d0, s0), p0))
        v128.store(a.dx + i, v128.bitselect(d1, f32x4.mul(d1, s1), p1), 16)
        t0 = fma(v128.andnot(d0, p0), v128.andnot(x0, p0), t0)
        t1 = fma(v128.andnot(d1, p1), v128.andnot(x1, p1), t1)
      }
      addLanes(sums + at, t0, 4)
      addLanes(sums + at + 16, t1, 4)
    }
    for (; c < a.channels; c += 4) {
      const at = <usize>c << 2
      const s = v128.load(a.slope + at)
      let t = f32x4.splat(0)
      for (let i = from + at; i < end; i += pitch) {
        const x = v128.load(a.x + i), d = v128.load(a.dy + i)
        const p = isPositive(x)
        storeLanes(a.dx + i, v128.bitselect(d, f32x4.mul(d, s), p), a.channels - c)
        t = fma(v128.andnot(d, p), v128.andnot(x, p), t)
      }
      addLanes(sums + at, t, a.channels - c)
    }
  }
}
