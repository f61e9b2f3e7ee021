// What becomes of the sums of a convolution: they are scaled and added to a map, or compared with thresholds.
import { convolve } from './convolution'
import { Dots } from './dots'
import { lookupBytes, lookupWords } from './lookup'
import { popcount } from './popcount'
import { fma, high16, high8, low16, low8 } from './vector'

/** How sums are made, and their size: 0 by look-up as bytes, 1 by look-up as 16-bit numbers, 2 by counting, the same. */
@inline
function products(loop: i32, args: usize, y: i32): void {
  if (loop == 0) lookupBytes(args, y, y + 1)
  else if (loop == 1) lookupWords(args, y, y + 1)
  else popcount(args, y, y + 1)
}

/** What sums are stored above: bytes and 16-bit numbers have no sign. */
const BYTE_BIAS: f32 = 128
const WORD_BIAS: f32 = 32768

/** to = (bias, or what is there) + scale * sums */
@inline
function addQuad(to: usize, sums: v128, scale: usize, bias: usize): void {
  v128.store(to, fma(sums, v128.load(scale), v128.load(bias ? bias : to)))
}

@inline
function addGroup(to: usize, low: v128, high: v128, above: f32, scale: usize, bias: usize, quads: i32): void {
  addQuad(to, low16(low, above), scale, bias)
  if (quads > 1) addQuad(to + 16, high16(low, above), scale + 16, bias ? bias + 16 : 0)
  if (quads > 2) addQuad(to + 32, low16(high, above), scale + 32, bias ? bias + 32 : 0)
  if (quads > 3) addQuad(to + 48, high16(high, above), scale + 48, bias ? bias + 48 : 0)
}

/** Adds scaled products to a map from a channel on; where there is a bias, the map is that before. */
export function addProducts(
  args: usize,
  loop: i32,
  height: i32,
  to: usize,
  pixel: usize,
  quads: i32,
  scale: usize,
  bias: usize,
): void {
  const d = changetype<Dots>(args)
  const width = d.width
  const toPixel = d.toPixel
  for (let y = 0; y < height; y++) {
    products(loop, args, y)
    let from = d.to
    for (let x = 0; x < width; x++, to += pixel, from += toPixel) {
      let left = quads
      for (let g: usize = 0; left > 0; g += 64, left -= 4) {
        const b = bias ? bias + g : 0
        if (loop == 0) {
          const v = v128.load(from + (g >> 2))
          addGroup(to + g, low8(v), high8(v), BYTE_BIAS, scale + g, b, left)
        } else {
          const words = from + (g >> 1)
          addGroup(to + g, v128.load(words), v128.load(words, 16), WORD_BIAS, scale + g, b, left)
        }
      }
    }
  }
}

/** Sets the bits of a map whose products reach their thresholds, of the sums' size; those of no output are 0. */
export function compareProducts(
  args: usize,
  loop: i32,
  height: i32,
  to: usize,
  pixel: usize,
  thresholds: usize,
): void {
  const d = changetype<Dots>(args)
  const groups = <usize>d.groups
  const width = d.width
  const toPixel = d.toPixel
  for (let y = 0; y < height; y++) {
    products(loop, args, y)
    let from = d.to
    for (let x = 0; x < width; x++, to += pixel, from += toPixel) {
      for (let g: usize = 0; g < groups; g++) {
        let reached: v128
        if (loop == 0) reached = i8x16.ge_u(v128.load(from + (g << 4)), v128.load(thresholds + (g << 4)))
        else {
          const words = from + (g << 5)
          const limits = thresholds + (g << 5)
          reached = i8x16.narrow_i16x8_s(
            i16x8.ge_u(v128.load(words), v128.load(limits)),
            i16x8.ge_u(v128.load(words, 16), v128.load(limits, 16)),
          )
        }
        store<u16>(to + (g << 1), i8x16.bitmask(reached))
      }
      for (let k = groups << 1; k < pixel; k += 2) store<u16>(to + k, 0)
    }
  }
}

/** Adds a float convolution to a map, as `addProducts`. */
export function addFloats(
  args: usize,
  height: i32,
  to: usize,
  pixel: usize,
  quads: i32,
  bias: usize,
): void {
  const d = changetype<Dots>(args)
  const bytes = <usize>quads << 4
  const width = d.width
  const toPixel = d.toPixel
  for (let y = 0; y < height; y++) {
    convolve(args, y)
    let from = d.to
    for (let x = 0; x < width; x++, to += pixel, from += toPixel)
      for (let k: usize = 0; k < bytes; k += 16)
        v128.store(to + k, f32x4.add(v128.load(from + k), v128.load(bias ? bias + k : to + k)))
  }
}
