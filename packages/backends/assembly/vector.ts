// Vector arithmetic that every kernel shares. Channels are processed four at a time. Loads may run past an operand's end
// (every allocation is padded for it); of a last group of fewer than four channels only the valid lanes are stored.

/** a * b + c: fused where the engine has relaxed SIMD, else rounded twice. */
@inline
export function fma(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c)
  return f32x4.add(c, f32x4.mul(a, b))
}

/** Byte `index[i]`, below 16, of the table. */
@inline
export function pick(table: v128, index: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return i8x16.relaxed_swizzle(table, index)
  return i8x16.swizzle(table, index)
}

/** Floats of a block of rows: what fits the first-level cache twice. */
export const BLOCK: i32 = 4096

export const IDENTITY: i32 = 0
export const RELU: i32 = 1
export const SIGN: i32 = 2
export const SIGN_POLYNOMIAL: i32 = 3

@inline
export function activate(mode: i32, h: v128): v128 {
  if (mode == IDENTITY) return h
  if (mode == RELU) return f32x4.pmax(h, f32x4.splat(0))
  return v128.or(v128.andnot(i32x4.splat(0x80000000), f32x4.ge(h, f32x4.splat(0))), f32x4.splat(1))
}

/** d * activation'(h). */
@inline
export function activationGrad(mode: i32, h: v128, d: v128): v128 {
  if (mode == IDENTITY) return d
  if (mode == RELU) return v128.and(d, f32x4.gt(h, f32x4.splat(0)))
  const size = f32x4.abs(h)
  if (mode == SIGN) return v128.and(d, f32x4.le(size, f32x4.splat(1)))
  const slope = f32x4.sub(f32x4.splat(2), f32x4.add(size, size))
  return v128.and(f32x4.mul(d, slope), f32x4.lt(size, f32x4.splat(1)))
}

/** Stores the first `lanes` (at least one) of v. */
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

/** p += the first `lanes` of v. */
@inline
export function addLanes(p: usize, v: v128, lanes: i32): void {
  storeLanes(p, f32x4.add(v128.load(p), v), lanes)
}

/** dst = value, `count` floats. */
export function fill(dst: usize, value: f32, count: i32): void {
  const v = f32x4.splat(value)
  const end = dst + (<usize>(count & ~3) << 2)
  for (; dst < end; dst += 16) v128.store(dst, v)
  if (count & 3) storeFew(dst, v, count & 3)
}

export function copy(src: usize, dst: usize, count: i32): void {
  const end = dst + (<usize>(count & ~3) << 2)
  while (dst < end) {
    v128.store(dst, v128.load(src))
    src += 16
    dst += 16
  }
  if (count & 3) storeFew(dst, v128.load(src), count & 3)
}
