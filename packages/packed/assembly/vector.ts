// Vector arithmetic that every kernel shares. A value's channels come sixteen (a group), or four (a quad), at a time; loads and
// stores may run a little past a map's end, which the memory plan leaves room for.

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

/** The low, the high half of bytes as 16-bit numbers. */
@inline
export function low8(v: v128): v128 {
  return i8x16.shuffle(v, i8x16.splat(0), 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
}

@inline
export function high8(v: v128): v128 {
  return i8x16.shuffle(v, i8x16.splat(0), 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
}

// 2^23 + u has the bits of u in the lowest of its mantissa: one interleaving makes floats of four 16-bit numbers.
const MAGIC: i16 = 0x4b00
const MAGIC_FLOAT: f32 = 8388608

/** The lower, the upper four of 16-bit numbers u as the floats u - bias, exact. */
@inline
export function low16(v: v128, bias: f32): v128 {
  const floats = i8x16.shuffle(v, i16x8.splat(MAGIC), 0, 1, 16, 17, 2, 3, 18, 19, 4, 5, 20, 21, 6, 7, 22, 23)
  return f32x4.sub(floats, f32x4.splat(MAGIC_FLOAT + bias))
}

@inline
export function high16(v: v128, bias: f32): v128 {
  const floats = i8x16.shuffle(v, i16x8.splat(MAGIC), 8, 9, 24, 25, 10, 11, 26, 27, 12, 13, 28, 29, 14, 15, 30, 31)
  return f32x4.sub(floats, f32x4.splat(MAGIC_FLOAT + bias))
}

/** Which of sixteen floats are at least 0, the first in the lowest bit. */
@inline
export function signBits(a: v128, b: v128, c: v128, d: v128): i32 {
  const zero = f32x4.splat(0)
  const low = i16x8.narrow_i32x4_s(f32x4.ge(a, zero), f32x4.ge(b, zero))
  const high = i16x8.narrow_i32x4_s(f32x4.ge(c, zero), f32x4.ge(d, zero))
  return i8x16.bitmask(i8x16.narrow_i16x8_s(low, high))
}
