// Per-channel affine maps, and the factors of a normalization.
import { BLOCK, copy, fma, storeLanes } from './vector'

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
