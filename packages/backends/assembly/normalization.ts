// Per-channel statistics and affine maps over rows of channels. Statistics are taken of a block that sits in the
// first-level cache, in two passes (mean, then squared distances), and merged in float64 (Chan et al. 1979).
import { fma, loadLanes, storeLanes } from './vector'

@unmanaged
export class Rows {
  count: i32
  channels: i32
  perChunk: i32
  chunks: i32
  x: usize
  dy: usize
  mean: usize
  partials: usize
  first: usize
  second: usize

  @inline start(chunk: i32): i32 { return chunk * this.perChunk }
  @inline size(chunk: i32): i32 { return min(this.perChunk, this.count - chunk * this.perChunk) }
}

/** out [2, channels]: mean and sum of squared distances to it, over `rows` rows. */
export function rowMoments(x: usize, rows: i32, channels: i32, out: usize): void {
  const second = out + (<usize>channels << 2)
  const pitch = <usize>channels << 2
  const block = max(1, 4096 / channels)
  let done = 0
  for (let start = 0; start < rows; start += block) {
    const n = min(block, rows - start)
    const p = x + <usize>start * pitch
    let c = 0
    for (; c + 16 <= channels; c += 16)
      momentsOf16(p + (<usize>c << 2), n, pitch, out + (<usize>c << 2), second + (<usize>c << 2), done)
    for (; c < channels; c += 4)
      momentsOf4(p + (<usize>c << 2), n, pitch, out + (<usize>c << 2), second + (<usize>c << 2), done, min(4, channels - c))
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
  const old = loadLanes(mean, lanes)
  const delta = f32x4.sub(sum, old)
  const share = <f32>n / <f32>(n + done)
  storeLanes(mean, fma(delta, f32x4.splat(share), old), lanes)
  const between = f32x4.mul(f32x4.mul(delta, delta), f32x4.splat(share * <f32>done))
  storeLanes(second, f32x4.add(loadLanes(second, lanes), f32x4.add(squares, between)), lanes)
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
  for (let p = x; p < end; p += pitch) m = f32x4.add(m, loadLanes(p, lanes))
  m = f32x4.mul(m, f32x4.splat(<f32>1 / <f32>rows))
  for (let p = x; p < end; p += pitch) {
    const d = f32x4.sub(loadLanes(p, lanes), m)
    s = fma(d, d, s)
  }
  merge(mean, second, m, s, rows, done, lanes)
}

export function chunkMoments(args: usize, chunk: i32): void {
  const a = changetype<Rows>(args)
  rowMoments(a.x + (<usize>a.start(chunk) * a.channels << 2), a.size(chunk), a.channels, a.partials + (<usize>chunk * a.channels << 3))
}

/** first = mean, second = biased variance, from the chunks' moments. */
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
    store<f32>(a.first + (<usize>c << 2), <f32>mean)
    store<f32>(a.second + (<usize>c << 2), <f32>(squares / <f64>a.count))
  }
}

export function chunkSums(args: usize, chunk: i32): void {
  const a = changetype<Rows>(args)
  const pitch = <usize>a.channels << 2
  const offset = <usize>a.start(chunk) * pitch
  const x = a.x + offset
  const dy = a.dy + offset
  const rows = a.size(chunk)
  const out = a.partials + 2 * <usize>chunk * pitch
  let c = 0
  for (; c + 16 <= a.channels; c += 16) {
    const at = <usize>c << 2
    sumsOf16(dy + at, x + at, rows, pitch, a.mean + at, out + at, out + pitch + at)
  }
  for (; c < a.channels; c += 4) {
    const at = <usize>c << 2
    sumsOf4(dy + at, x + at, rows, pitch, a.mean + at, out + at, out + pitch + at, min(4, a.channels - c))
  }
}

function sumsOf16(dy: usize, x: usize, rows: i32, pitch: usize, mean: usize, sum: usize, product: usize): void {
  const m0 = v128.load(mean), m1 = v128.load(mean, 16), m2 = v128.load(mean, 32), m3 = v128.load(mean, 48)
  let s0 = f32x4.splat(0), s1 = f32x4.splat(0), s2 = f32x4.splat(0), s3 = f32x4.splat(0)
  let t0 = f32x4.splat(0), t1 = f32x4.splat(0), t2 = f32x4.splat(0), t3 = f32x4.splat(0)
  const end = dy + <usize>rows * pitch
  while (dy < end) {
    let g = v128.load(dy)
    s0 = f32x4.add(s0, g)
    t0 = fma(g, f32x4.sub(v128.load(x), m0), t0)
    g = v128.load(dy, 16)
    s1 = f32x4.add(s1, g)
    t1 = fma(g, f32x4.sub(v128.load(x, 16), m1), t1)
    g = v128.load(dy, 32)
    s2 = f32x4.add(s2, g)
    t2 = fma(g, f32x4.sub(v128.load(x, 32), m2), t2)
    g = v128.load(dy, 48)
    s3 = f32x4.add(s3, g)
    t3 = fma(g, f32x4.sub(v128.load(x, 48), m3), t3)
    dy += pitch
    x += pitch
  }
  v128.store(sum, s0)
  v128.store(sum, s1, 16)
  v128.store(sum, s2, 32)
  v128.store(sum, s3, 48)
  v128.store(product, t0)
  v128.store(product, t1, 16)
  v128.store(product, t2, 32)
  v128.store(product, t3, 48)
}

function sumsOf4(dy: usize, x: usize, rows: i32, pitch: usize, mean: usize, sum: usize, product: usize, lanes: i32): void {
  const m = loadLanes(mean, lanes)
  let s = f32x4.splat(0), t = f32x4.splat(0)
  const end = dy + <usize>rows * pitch
  while (dy < end) {
    const g = loadLanes(dy, lanes)
    s = f32x4.add(s, g)
    t = fma(g, f32x4.sub(loadLanes(x, lanes), m), t)
    dy += pitch
    x += pitch
  }
  storeLanes(sum, s, lanes)
  storeLanes(product, t, lanes)
}

/** first = sum of dy, second = sum of dy * (x - mean), from the chunks' sums. */
export function mergeSums(args: usize): void {
  const a = changetype<Rows>(args)
  const pitch = <usize>a.channels << 2
  for (let c = 0; c < a.channels; c++) {
    let sum: f64 = 0
    let product: f64 = 0
    for (let i = 0; i < a.chunks; i++) {
      const p = a.partials + 2 * <usize>i * pitch + (<usize>c << 2)
      sum += <f64>load<f32>(p)
      product += <f64>load<f32>(p + pitch)
    }
    store<f32>(a.first + (<usize>c << 2), <f32>sum)
    store<f32>(a.second + (<usize>c << 2), <f32>product)
  }
}

@unmanaged
export class AffineSum {
  count: i32
  channels: i32
  perChunk: i32
  terms: i32
  y: usize
  into: usize
  shift: usize
  /** Then, for every term: x, scale (0 for 1). */
}

const TERMS_AT: usize = 28

/** y = sum of scale_i * x_i + shift (+ into), a chunk of rows. */
export function affineSum(args: usize, chunk: i32): void {
  const a = changetype<AffineSum>(args)
  const start = chunk * a.perChunk
  const rows = min(a.perChunk, a.count - start)
  const offset = <usize>start * a.channels << 2
  const y = a.y + offset
  let written = false
  if (a.into) {
    addTerm(a.into + offset, 0, a.shift, y, rows, a.channels, false)
    written = true
  }
  for (let i = 0; i < a.terms; i++) {
    const p = args + TERMS_AT + (<usize>i << 3)
    addTerm(<usize>load<u32>(p) + offset, <usize>load<u32>(p, 4), written ? 0 : a.shift, y, rows, a.channels, written)
    written = true
  }
}

/** y (+)= scale * x + shift. */
function addTerm(x: usize, scale: usize, shift: usize, y: usize, rows: i32, channels: i32, add: bool): void {
  if (add) {
    if (scale) addTermOf(x, scale, 0, y, rows, channels, true)
    else addTermOf(x, 0, 0, y, 1, rows * channels, true)
  } else if (scale) {
    if (shift) addTermOf(x, scale, shift, y, rows, channels, false)
    else addTermOf(x, scale, 0, y, rows, channels, false)
  } else if (shift) addTermOf(x, 0, shift, y, rows, channels, false)
  else addTermOf(x, 0, 0, y, 1, rows * channels, false)
}

@inline
function addTermOf(x: usize, scale: usize, shift: usize, y: usize, rows: i32, channels: i32, add: bool): void {
  const pitch = <usize>channels << 2
  for (let row = 0; row < rows; row++) {
    for (let c = 0; c < channels; c += 4) {
      const at = <usize>c << 2
      const lanes = min(4, channels - c)
      let v = loadLanes(x + at, lanes)
      if (scale) {
        const s = loadLanes(scale + at, lanes)
        if (add) v = fma(v, s, loadLanes(y + at, lanes))
        else if (shift) v = fma(v, s, loadLanes(shift + at, lanes))
        else v = f32x4.mul(v, s)
      } else if (add) v = f32x4.add(v, loadLanes(y + at, lanes))
      else if (shift) v = f32x4.add(v, loadLanes(shift + at, lanes))
      storeLanes(y + at, v, lanes)
    }
    x += pitch
    y += pitch
  }
}
