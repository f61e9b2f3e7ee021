// Floats as bfloat16: their upper halves, rounded to nearest, ties to even.

/** The upper halves of four floats, rounded, in the lower halves of the lanes. NaN stays NaN, infinity stays infinity. */
@inline
function upperHalves(v: v128): v128 {
  const odd = v128.and(i32x4.shr_u(v, 16), i32x4.splat(1))
  const rounded = i32x4.shr_u(i32x4.add(i32x4.add(v, i32x4.splat(0x7fff)), odd), 16)
  return v128.bitselect(i32x4.splat(0x7fc0), rounded, f32x4.ne(v, v))
}

/** dst [count] of 16-bit words = src [count] of floats. May write up to seven words behind. */
export function narrow(src: usize, dst: usize, count: i32): void {
  for (const end = dst + (<usize>count << 1); dst < end; dst += 16) {
    v128.store(dst, i16x8.narrow_i32x4_u(upperHalves(v128.load(src)), upperHalves(v128.load(src, 16))))
    src += 32
  }
}
