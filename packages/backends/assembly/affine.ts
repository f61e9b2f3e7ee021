// Per-channel affine maps, and the factors of a normalization.
import { copy, fma, storeLanes } from './vector'

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
    const pair = i + 1 < a.terms
    addTerms(x0, s0, pair ? <usize>load<u32>(p, 8) + offset : 0, pair ? <usize>load<u32>(p, 12) : 0, shift, y, rows, a.channels, add)
    add = true
    shift = 0
  }
}

/** y (+)= s0 * x0 + s1 * x1 + shift; an x1 of 0 means no second term. */
function addTerms(x0: usize, s0: usize, x1: usize, s1: usize, shift: usize, y: usize, rows: i32, channels: i32, add: bool): void {
  if (x1) {
    if (add) addTermsOf(true, true, x0, s0, x1, s1, shift, y, rows, channels)
    else addTermsOf(true, false, x0, s0, x1, s1, shift, y, rows, channels)
  } else if (add) addTermsOf(false, true, x0, s0, 0, 0, shift, y, rows, channels)
  else addTermsOf(false, false, x0, s0, 0, 0, shift, y, rows, channels)
}

/** Sixteen channels at a time, then four. */
@inline
function addTermsOf(
  two: bool, add: bool, x0: usize, s0: usize, x1: usize, s1: usize, shift: usize, y: usize, rows: i32, channels: i32,
): void {
  const pitch = <usize>channels << 2
  const bytes = <usize>rows * pitch
  let c = 0
  for (; c + 16 <= channels; c += 16) {
    const at = <usize>c << 2
    const a0 = coefficient(s0, at, 1), a1 = coefficient(s0, at + 16, 1), a2 = coefficient(s0, at + 32, 1), a3 = coefficient(s0, at + 48, 1)
    const b0 = coefficient(s1, at, 1), b1 = coefficient(s1, at + 16, 1), b2 = coefficient(s1, at + 32, 1), b3 = coefficient(s1, at + 48, 1)
    const t0 = coefficient(shift, at, 0), t1 = coefficient(shift, at + 16, 0), t2 = coefficient(shift, at + 32, 0), t3 = coefficient(shift, at + 48, 0)
    for (let row = at; row < bytes; row += pitch) {
      const p = x0 + row, q = x1 + row, to = y + row
      v128.store(to, sum(two, add, v128.load(p), a0, two ? v128.load(q) : t0, b0, t0, add ? v128.load(to) : t0))
      v128.store(to, sum(two, add, v128.load(p, 16), a1, two ? v128.load(q, 16) : t1, b1, t1, add ? v128.load(to, 16) : t1), 16)
      v128.store(to, sum(two, add, v128.load(p, 32), a2, two ? v128.load(q, 32) : t2, b2, t2, add ? v128.load(to, 32) : t2), 32)
      v128.store(to, sum(two, add, v128.load(p, 48), a3, two ? v128.load(q, 48) : t3, b3, t3, add ? v128.load(to, 48) : t3), 48)
    }
  }
  for (; c < channels; c += 4) {
    const at = <usize>c << 2
    const a = coefficient(s0, at, 1), b = coefficient(s1, at, 1), t = coefficient(shift, at, 0)
    for (let row = at; row < bytes; row += pitch)
      storeLanes(y + row, sum(two, add, v128.load(x0 + row), a, two ? v128.load(x1 + row) : t, b, t, add ? v128.load(y + row) : t), channels - c)
  }
}

@inline
function coefficient(p: usize, at: usize, absent: f32): v128 {
  return p ? v128.load(p + at) : f32x4.splat(absent)
}

@inline
function sum(two: bool, add: bool, x0: v128, a: v128, x1: v128, b: v128, t: v128, y: v128): v128 {
  const v = two ? fma(x0, a, fma(x1, b, t)) : fma(x0, a, t)
  return add ? f32x4.add(v, y) : v
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
