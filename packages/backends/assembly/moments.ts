// Mean and variance by channel over rows. Statistics are taken of a block that sits in the first-level cache, in two
// passes (mean, then squared distances); blocks and chunks are merged (Chan et al. 1979), chunks in float64.
import { BLOCK, fma, storeLanes } from './vector'

@unmanaged
export class Rows {
  count: i32
  channels: i32
  perChunk: i32
  chunks: i32
  x: usize
  /** [chunks, 2, channels] */
  partials: usize
  mean: usize
  variance: usize

  @inline start(chunk: i32): i32 { return chunk * this.perChunk }
  @inline size(chunk: i32): i32 { return min(this.perChunk, this.count - chunk * this.perChunk) }
}

/** out [2, channels]: mean and sum of squared distances to it, over `rows` rows. */
export function rowMoments(x: usize, rows: i32, channels: i32, out: usize): void {
  const second = out + (<usize>channels << 2)
  const pitch = <usize>channels << 2
  const block = max(1, BLOCK / channels)
  let done = 0
  for (let start = 0; start < rows; start += block) {
    const n = min(block, rows - start)
    const p = x + <usize>start * pitch
    let c = 0
    for (; c + 16 <= channels; c += 16)
      momentsOf16(p + (<usize>c << 2), n, pitch, out + (<usize>c << 2), second + (<usize>c << 2), done)
    for (; c < channels; c += 4)
      momentsOf4(p + (<usize>c << 2), n, pitch, out + (<usize>c << 2), second + (<usize>c << 2), done, channels - c)
    done += n
  }
}

/** Merges the moments of n rows into those of `done` rows at the pointers. */
@inline
function merge(mean: usize, second: usize, sum: v128, squares: v128, n: i32, done: i32, lanes: i32): void {
  if (!done) {
    storeLanes(mean, sum, lanes)
    storeLanes(second, squares, lanes)
    return
  }
  const old = v128.load(mean)
  const delta = f32x4.sub(sum, old)
  const share = <f32>n / <f32>(n + done)
  storeLanes(mean, fma(delta, f32x4.splat(share), old), lanes)
  const between = f32x4.mul(f32x4.mul(delta, delta), f32x4.splat(share * <f32>done))
  storeLanes(second, f32x4.add(v128.load(second), f32x4.add(squares, between)), lanes)
}

function momentsOf16(x: usize, rows: i32, pitch: usize, mean: usize, second: usize, done: i32): void {
  const end = x + <usize>rows * pitch
  const inverse = f32x4.splat(<f32>1 / <f32>rows)
  let m0 = f32x4.splat(0), m1 = f32x4.splat(0), m2 = f32x4.splat(0), m3 = f32x4.splat(0)
  for (let p = x; p < end; p += pitch) {
    m0 = f32x4.add(m0, v128.load(p))
    m1 = f32x4.add(m1, v128.load(p, 16))
    m2 = f32x4.add(m2, v128.load(p, 32))
    m3 = f32x4.add(m3, v128.load(p, 48))
  }
  m0 = f32x4.mul(m0, inverse)
  m1 = f32x4.mul(m1, inverse)
  m2 = f32x4.mul(m2, inverse)
  m3 = f32x4.mul(m3, inverse)
  let s0 = f32x4.splat(0), s1 = f32x4.splat(0), s2 = f32x4.splat(0), s3 = f32x4.splat(0)
  for (let p = x; p < end; p += pitch) {
    let d = f32x4.sub(v128.load(p), m0)
    s0 = fma(d, d, s0)
    d = f32x4.sub(v128.load(p, 16), m1)
    s1 = fma(d, d, s1)
    d = f32x4.sub(v128.load(p, 32), m2)
    s2 = fma(d, d, s2)
    d = f32x4.sub(v128.load(p, 48), m3)
    s3 = fma(d, d, s3)
  }
  merge(mean, second, m0, s0, rows, done, 4)
  merge(mean + 16, second + 16, m1, s1, rows, done, 4)
  merge(mean + 32, second + 32, m2, s2, rows, done, 4)
  merge(mean + 48, second + 48, m3, s3, rows, done, 4)
}

function momentsOf4(x: usize, rows: i32, pitch: usize, mean: usize, second: usize, done: i32, lanes: i32): void {
  const end = x + <usize>rows * pitch
  let m = f32x4.splat(0), s = f32x4.splat(0)
  for (let p = x; p < end; p += pitch) m = f32x4.add(m, v128.load(p))
  m = f32x4.mul(m, f32x4.splat(<f32>1 / <f32>rows))
  for (let p = x; p < end; p += pitch) {
    const d = f32x4.sub(v128.load(p), m)
    s = fma(d, d, s)
  }
  merge(mean, second, m, s, rows, done, lanes)
}

export function chunkMoments(args: usize, chunk: i32): void {
  const a = changetype<Rows>(args)
  rowMoments(a.x + (<usize>a.start(chunk) * a.channels << 2), a.size(chunk), a.channels, a.partials + (<usize>chunk * a.channels << 3))
}

/** Mean and biased variance from the chunks' moments. */
export function mergeMoments(args: usize): void {
  const a = changetype<Rows>(args)
  const pitch = <usize>a.channels << 2
  for (let c = 0; c < a.channels; c++) {
    let total: f64 = 0
    for (let i = 0; i < a.chunks; i++) total += <f64>a.size(i) * <f64>load<f32>(a.partials + 2 * <usize>i * pitch + (<usize>c << 2))
    const mean = total / <f64>a.count
    let squares: f64 = 0
    for (let i = 0; i < a.chunks; i++) {
      const p = a.partials + 2 * <usize>i * pitch + (<usize>c << 2)
      const d = <f64>load<f32>(p) - mean
      squares += <f64>load<f32>(p + pitch) + <f64>a.size(i) * d * d
    }
    store<f32>(a.mean + (<usize>c << 2), <f32>mean)
    store<f32>(a.variance + (<usize>c << 2), <f32>(squares / <f64>a.count))
  }
}
