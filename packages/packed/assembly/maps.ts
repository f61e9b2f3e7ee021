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

@inline
function addQuad(from: usize, to: usize, bias: usize): void {
  v128.store(to, f32x4.add(v128.load(from), v128.load(bias)))
}

/** to = (bias, or what is there) + from */
export function add(from: usize, to: usize, pixels: i32, pixel: usize, bias: usize): void {
  if (bias) {
    for (let i = 0; i < pixels; i++, to += pixel, from += pixel)
      for (let k: usize = 0; k < pixel; k += 16) addQuad(from + k, to + k, bias + k)
    return
  }
  const end = to + <usize>pixels * pixel
  for (const last = end - 48; to < last; to += 64, from += 64) {
    addQuad(from, to, to)
    addQuad(from + 16, to + 16, to + 16)
    addQuad(from + 32, to + 32, to + 32)
    addQuad(from + 48, to + 48, to + 48)
  }
  for (; to < end; to += 16, from += 16) addQuad(from, to, to)
}

@inline
function preluQuad(from: usize, to: usize, slope: usize): void {
  const zero = f32x4.splat(0)
  const x = v128.load(from)
  v128.store(to, fma(v128.load(slope), f32x4.pmin(x, zero), f32x4.pmax(x, zero)))
}

/** x, or slope * x where x is negative. */
export function prelu(from: usize, to: usize, pixels: i32, pixel: usize, slope: usize): void {
  const groups = pixel & ~63
  for (let i = 0; i < pixels; i++, to += pixel, from += pixel) {
    let k: usize = 0
    for (; k < groups; k += 64) {
      preluQuad(from + k, to + k, slope + k)
      preluQuad(from + k + 16, to + k + 16, slope + k + 16)
      preluQuad(from + k + 32, to + k + 32, slope + k + 32)
      preluQuad(from + k + 48, to + k + 48, slope + k + 48)
    }
    for (; k < pixel; k += 16) preluQuad(from + k, to + k, slope + k)
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
