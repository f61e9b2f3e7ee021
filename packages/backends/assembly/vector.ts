// Vector arithmetic that every kernel shares. Channels are processed four at a time; a last group of fewer than four
// is loaded with zeros in the missing lanes and stored lane by lane.

/** a * b + c: fused where the engine has relaxed SIMD, else rounded twice. */
@inline
export function fma(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c)
  return f32x4.add(c, f32x4.mul(a, b))
}

export const IDENTITY: i32 = 0
export const RELU: i32 = 1
export const SIGN: i32 = 2
export const SIGN_POLYNOMIAL: i32 = 3

@inline
function zero(): v128 {
  return f32x4.splat(0)
}

@inline
export function activate(mode: i32, h: v128): v128 {
  if (mode == IDENTITY) return h
  if (mode == RELU) return f32x4.pmax(h, zero())
  return v128.bitselect(f32x4.splat(1), f32x4.splat(-1), f32x4.ge(h, zero()))
}

/** d * activation'(h). */
@inline
export function activationGrad(mode: i32, h: v128, d: v128): v128 {
  if (mode == IDENTITY) return d
  if (mode == RELU) return v128.and(d, f32x4.gt(h, zero()))
  const size = f32x4.abs(h)
  if (mode == SIGN) return v128.and(d, f32x4.le(size, f32x4.splat(1)))
  const slope = f32x4.sub(f32x4.splat(2), f32x4.add(size, size))
  return v128.and(f32x4.mul(d, slope), f32x4.lt(size, f32x4.splat(1)))
}

/** The first `lanes` of four floats; zeros for the rest. */
@inline
export function loadLanes(p: usize, lanes: i32): v128 {
  return lanes >= 4 ? v128.load(p) : loadFew(p, lanes)
}

function loadFew(p: usize, lanes: i32): v128 {
  let v = v128.load32_zero(p)
  if (lanes > 1) v = f32x4.replace_lane(v, 1, load<f32>(p, 4))
  if (lanes > 2) v = f32x4.replace_lane(v, 2, load<f32>(p, 8))
  return v
}

@inline
export function storeLanes(p: usize, v: v128, lanes: i32): void {
  if (lanes >= 4) v128.store(p, v)
  else storeFew(p, v, lanes)
}

function storeFew(p: usize, v: v128, lanes: i32): void {
  store<f32>(p, f32x4.extract_lane(v, 0))
  if (lanes > 1) store<f32>(p, f32x4.extract_lane(v, 1), 4)
  if (lanes > 2) store<f32>(p, f32x4.extract_lane(v, 2), 8)
}

/** dst = activation(src * scale + shift), per channel; `scale` 0 means no affine part. Rows of `channels` floats, `count` of them. */
export function prologueRows(mode: i32, src: usize, dst: usize, count: i32, channels: i32, scale: usize, shift: usize): void {
  if (!scale && (channels & 3)) {
    channels *= count
    count = 1
  }
  if (mode == IDENTITY) prologueRowsOf(IDENTITY, src, dst, count, channels, scale, shift)
  else if (mode == RELU) prologueRowsOf(RELU, src, dst, count, channels, scale, shift)
  else prologueRowsOf(SIGN, src, dst, count, channels, scale, shift)
}

@inline
function prologueRowsOf(mode: i32, src: usize, dst: usize, count: i32, channels: i32, scale: usize, shift: usize): void {
  if (!scale) {
    const total = count * channels
    const end = dst + (<usize>(total & ~3) << 2)
    while (dst < end) {
      v128.store(dst, activate(mode, v128.load(src)))
      src += 16
      dst += 16
    }
    if (total & 3) storeFew(dst, activate(mode, loadFew(src, total & 3)), total & 3)
    return
  }
  for (let row = 0; row < count; row++) {
    for (let c = 0; c < channels; c += 4) {
      const at = <usize>c << 2
      const lanes = min(4, channels - c)
      const h = fma(loadLanes(src + at, lanes), loadLanes(scale + at, lanes), loadLanes(shift + at, lanes))
      storeLanes(dst + at, activate(mode, h), lanes)
    }
    src += <usize>channels << 2
    dst += <usize>channels << 2
  }
}

/** dst = into + d * activation'(x * scale + shift); `into` 0 means none. */
export function epilogueRows(
  mode: i32, d: usize, x: usize, dst: usize, into: usize, count: i32, channels: i32, scale: usize, shift: usize,
): void {
  if (!scale) {
    channels *= count
    count = 1
  }
  if (mode == IDENTITY) epilogueRowsOf(IDENTITY, d, x, dst, into, count, channels, scale, shift)
  else if (mode == RELU) epilogueRowsOf(RELU, d, x, dst, into, count, channels, scale, shift)
  else if (mode == SIGN) epilogueRowsOf(SIGN, d, x, dst, into, count, channels, scale, shift)
  else epilogueRowsOf(SIGN_POLYNOMIAL, d, x, dst, into, count, channels, scale, shift)
}

@inline
function epilogueRowsOf(
  mode: i32, d: usize, x: usize, dst: usize, into: usize, count: i32, channels: i32, scale: usize, shift: usize,
): void {
  const bytes = <usize>channels << 2
  for (let row = 0; row < count; row++) {
    for (let c = 0; c < channels; c += 4) {
      const at = <usize>c << 2
      const lanes = min(4, channels - c)
      let h = loadLanes(x + at, lanes)
      if (scale) h = fma(h, loadLanes(scale + at, lanes), loadLanes(shift + at, lanes))
      let v = activationGrad(mode, h, loadLanes(d + at, lanes))
      if (into) v = f32x4.add(v, loadLanes(into + at, lanes))
      storeLanes(dst + at, v, lanes)
    }
    d += bytes
    x += bytes
    dst += bytes
    if (into) into += bytes
  }
}
