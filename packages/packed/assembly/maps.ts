// Whole maps: signs, sums, PReLU, means; and the classifier's product.
import { fma, signBits } from './vector'

/** The bits of a float map, of `channels` a pixel; those of no channel are 0. */
export function signs(from: usize, to: usize, pixels: i32, fromPixel: usize, toPixel: usize, channels: i32): void {
  for (let i = 0; i < pixels; i++, from += fromPixel, to += toPixel) {
    let k: usize = 0
    for (let left = channels; left > 0; left -= 16, k += 2) {
      const p = from + (k << 5)
      const bits = signBits(v128.load(p), v128.load(p, 16), v128.load(p, 32), v128.load(p, 48))
      store<u16>(to + k, left >= 16 ? bits : bits & ((1 << left) - 1))
    }
    for (; k < toPixel; k += 2) store<u16>(to + k, 0)
  }
}

/** Every pixel becomes `value`. */
export function fill(to: usize, pixels: i32, pixel: usize, value: usize): void {
  for (let i = 0; i < pixels; i++, to += pixel)
    for (let k: usize = 0; k < pixel; k += 16) v128.store(to + k, v128.load(value + k))
}

/** to = (bias, or what is there) + from */
export function add(from: usize, to: usize, pixels: i32, pixel: usize, bias: usize): void {
  for (let i = 0; i < pixels; i++, to += pixel, from += pixel)
    for (let k: usize = 0; k < pixel; k += 16)
      v128.store(to + k, f32x4.add(v128.load(from + k), v128.load(bias ? bias + k : to + k)))
}

/** x, or slope * x where x is negative. */
export function prelu(from: usize, to: usize, pixels: i32, pixel: usize, slope: usize): void {
  const zero = f32x4.splat(0)
  for (let i = 0; i < pixels; i++, to += pixel, from += pixel)
    for (let k: usize = 0; k < pixel; k += 16) {
      const x = v128.load(from + k)
      v128.store(to + k, v128.bitselect(x, f32x4.mul(x, v128.load(slope + k)), f32x4.ge(x, zero)))
    }
}

/** The mean of the pixels. */
export function means(from: usize, to: usize, pixels: i32, pixel: usize): void {
  const count = f32x4.splat(<f32>pixels)
  for (let k: usize = 0; k < pixel; k += 16) {
    let sum = f32x4.splat(0)
    let p = from + k
    for (let i = 0; i < pixels; i++, p += pixel) sum = f32x4.add(sum, v128.load(p))
    v128.store(to + k, f32x4.div(sum, count))
  }
}

/** to += features times weights, of rows of `bytes`. */
export function dense(features: usize, count: i32, weights: usize, to: usize, bytes: usize): void {
  for (let i = 0; i < count; i++, features += 4, weights += bytes) {
    const x = v128.load32_splat(features)
    for (let k: usize = 0; k < bytes; k += 16) v128.store(to + k, fma(x, v128.load(weights + k), v128.load(to + k)))
  }
}
