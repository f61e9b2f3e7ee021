// Sums by channel of a gradient and of its product with what a normalization was given. Chunks are added in float64.
import { addLanes, BLOCK, fma } from './vector'

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
