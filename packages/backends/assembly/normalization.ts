// Per-channel statistics and affine maps over rows of channels. Statistics are taken of a block that sits in the
// first-level cache, in two passes (mean, then squared distances), and merged in float64 (Chan et al. 1979).
import { copy, fma, storeLanes } from './vector'

/** Floats of a block: what fits the first-level cache twice. */
const BLOCK: i32 = 4096

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

@unmanaged
export class Sums {
  count: i32
  channels: i32
  perChunk: i32
  chunks: i32
  dy: usize
  /** [terms, chunks, 2, channels] */
  partials: usize
  terms: i32
  /** Then, for every term: x, mean. */
}

const SUMS_TERMS_AT: usize = 28

/** Sums of dy and of dy * (x - mean) for every term, a chunk of rows. */
export function chunkSums(args: usize, chunk: i32): void {
  const a = changetype<Sums>(args)
  const start = chunk * a.perChunk
  const rows = min(a.perChunk, a.count - start)
  const offset = <usize>start * a.channels << 2
  for (let i = 0; i < a.terms; i++) {
    const p = args + SUMS_TERMS_AT + (<usize>i << 3)
    rowSums(a.dy + offset, <usize>load<u32>(p) + offset, rows, a.channels, <usize>load<u32>(p, 4),
      a.partials + (<usize>((i * a.chunks + chunk) * a.channels) << 3))
  }
}

/** out [2, channels]: sum of dy, sum of dy * (x - mean), over `rows` rows. */
export function rowSums(dy: usize, x: usize, rows: i32, channels: i32, mean: usize, out: usize): void {
  const pitch = <usize>channels << 2
  const block = max(1, BLOCK / channels)
  memory.fill(out, 0, 2 * pitch)
  for (let start = 0; start < rows; start += block) {
    const n = min(block, rows - start)
    let c = 0
    for (; c + 16 <= channels; c += 16) {
      const at = <usize>c << 2
      sumsOf16(dy + at, x + at, n, pitch, mean + at, out + at, out + pitch + at)
    }
    for (; c < channels; c += 4) {
      const at = <usize>c << 2
      sumsOf4(dy + at, x + at, n, pitch, mean + at, out + at, out + pitch + at, channels - c)
    }
    dy += <usize>n * pitch
    x += <usize>n * pitch
  }
}

@inline
function addLanes(p: usize, v: v128, lanes: i32): void {
  storeLanes(p, f32x4.add(v128.load(p), v), lanes)
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
  addLanes(sum, s0, 4)
  addLanes(sum + 16, s1, 4)
  addLanes(sum + 32, s2, 4)
  addLanes(sum + 48, s3, 4)
  addLanes(product, t0, 4)
  addLanes(product + 16, t1, 4)
  addLanes(product + 32, t2, 4)
  addLanes(product + 48, t3, 4)
}

function sumsOf4(dy: usize, x: usize, rows: i32, pitch: usize, mean: usize, sum: usize, product: usize, lanes: i32): void {
  const m = v128.load(mean)
  let s = f32x4.splat(0), t = f32x4.splat(0)
  const end = dy + <usize>rows * pitch
  while (dy < end) {
    const g = v128.load(dy)
    s = f32x4.add(s, g)
    t = fma(g, f32x4.sub(v128.load(x), m), t)
    dy += pitch
    x += pitch
  }
  addLanes(sum, s, lanes)
  addLanes(product, t, lanes)
}

/** sum [channels] and product [channels] from the partials [chunks, 2, channels] of a term. */
export function mergeSums(partials: usize, chunks: i32, channels: i32, sum: usize, product: usize): void {
  const pitch = <usize>channels << 2
  for (let c: usize = 0; c < pitch; c += 4) {
    let s: f64 = 0
    let t: f64 = 0
    for (let i = 0; i < chunks; i++) {
      const p = partials + 2 * <usize>i * pitch + c
      s += <f64>load<f32>(p)
      t += <f64>load<f32>(p + pitch)
    }
    store<f32>(sum + c, <f32>s)
    store<f32>(product + c, <f32>t)
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

/** y = sum of scale_i * x_i + shift (+ into), a chunk of rows, two terms at a time. */
export function affineSum(args: usize, chunk: i32): void {
  const a = changetype<AffineSum>(args)
  const start = chunk * a.perChunk
  const rows = min(a.perChunk, a.count - start)
  const offset = <usize>start * a.channels << 2
  const y = a.y + offset
  if (a.into && a.into != a.y) copy(a.into + offset, y, rows * a.channels)
  let add = a.into != 0
  let shift = a.shift
  for (let i = 0; i < a.terms; i += 2) {
    const p = args + TERMS_AT + (<usize>i << 3)
    const x0 = <usize>load<u32>(p) + offset
    const s0 = <usize>load<u32>(p, 4)
    if (i + 1 < a.terms) addTerms(x0, s0, <usize>load<u32>(p, 8) + offset, <usize>load<u32>(p, 12), shift, y, rows, a.channels, add)
    else addTerm(x0, s0, shift, y, rows, a.channels, add)
    add = true
    shift = 0
  }
}

@inline
function coefficient(p: usize, at: usize, absent: f32): v128 {
  return p ? v128.load(p + at) : f32x4.splat(absent)
}

/** y (+)= s0 * x0 + s1 * x1 + shift. */
function addTerms(x0: usize, s0: usize, x1: usize, s1: usize, shift: usize, y: usize, rows: i32, channels: i32, add: bool): void {
  const pitch = <usize>channels << 2
  const block = max(1, BLOCK / channels)
  for (let start = 0; start < rows; start += block) {
    const bytes = <usize>min(block, rows - start) * pitch
    for (let c = 0; c < channels; c += 4) {
      const at = <usize>c << 2
      const a = coefficient(s0, at, 1), b = coefficient(s1, at, 1), t = coefficient(shift, at, 0)
      for (let row = at; row < bytes; row += pitch) {
        let v = fma(v128.load(x0 + row), a, fma(v128.load(x1 + row), b, t))
        if (add) v = f32x4.add(v, v128.load(y + row))
        storeLanes(y + row, v, channels - c)
      }
    }
    x0 += bytes
    x1 += bytes
    y += bytes
  }
}

/** y (+)= scale * x + shift. */
function addTerm(x: usize, scale: usize, shift: usize, y: usize, rows: i32, channels: i32, add: bool): void {
  const pitch = <usize>channels << 2
  const block = max(1, BLOCK / channels)
  for (let start = 0; start < rows; start += block) {
    const bytes = <usize>min(block, rows - start) * pitch
    for (let c = 0; c < channels; c += 4) {
      const at = <usize>c << 2
      const a = coefficient(scale, at, 1), t = coefficient(shift, at, 0)
      for (let row = at; row < bytes; row += pitch) {
        let v = fma(v128.load(x + row), a, t)
        if (add) v = f32x4.add(v, v128.load(y + row))
        storeLanes(y + row, v, channels - c)
      }
    }
    x += bytes
    y += bytes
  }
}

/**
 * The affine map of a normalization: precision = 1 / sqrt(variance + epsilon), scale = gamma * precision,
 * shift = beta - mean * scale; gamma and beta 0 where absent.
 */
export function foldNormalization(
  mean: usize, variance: usize, gamma: usize, beta: usize, epsilon: f64, channels: i32, precision: usize, scale: usize, shift: usize,
): void {
  for (let c: usize = 0; c < <usize>channels << 2; c += 4) {
    const p: f64 = 1 / sqrt<f64>(<f64>load<f32>(variance + c) + epsilon)
    const s: f64 = gamma ? p * <f64>load<f32>(gamma + c) : p
    store<f32>(precision + c, <f32>p)
    store<f32>(scale + c, <f32>s)
    store<f32>(shift + c, <f32>((beta ? <f64>load<f32>(beta + c) : 0) - <f64>load<f32>(mean + c) * s))
  }
}

/** slope and offset of the gradient through a normalization by its own statistics: see Kernels.foldNormalizationGrad. */
export function foldNormalizationGrad(
  mean: usize, precision: usize, scale: usize, sum: usize, product: usize, count: f64, channels: i32, slope: usize, offset: usize,
): void {
  for (let c: usize = 0; c < <usize>channels << 2; c += 4) {
    const p = <f64>load<f32>(precision + c)
    const share = -<f64>load<f32>(scale + c) / count
    const m: f64 = share * p * p * <f64>load<f32>(product + c)
    store<f32>(slope + c, <f32>m)
    store<f32>(offset + c, <f32>(share * <f64>load<f32>(sum + c) - m * <f64>load<f32>(mean + c)))
  }
}
