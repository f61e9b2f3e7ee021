// Binary convolution by look-up: four channels of an input pixel select a row of sixteen bytes, in which four channels' weights of
// each of sixteen outputs are the index.
import { Dots } from './dots'
import { high8, low8, pick } from './vector'

/** Row a, byte w: agreements of the bits of a and w; those minus disagreements. */
const AGREEMENTS = memory.data(256, 16)
const PRODUCTS = memory.data(256, 16)
for (let i = 0; i < 256; i++) {
  const differ = popcnt((i >> 4) ^ (i & 15))
  store<u8>(AGREEMENTS + i, 4 - differ)
  store<u8>(PRODUCTS + i, 4 - 2 * differ)
}

/** Nibbles whose agreements a byte holds the sum of. */
const CHUNK: usize = 63

/** Of a group: to = from + v, bytes that are sums; or of `wide`, where v counts agreements, to = from + 2 * v in 16-bit numbers. */
@inline
function addGroup(wide: bool, to: usize, from: usize, v: v128): void {
  if (!wide) {
    v128.store(to, i8x16.add(v128.load(from), v))
    return
  }
  v128.store(to, i16x8.add(v128.load(from), i16x8.shl(low8(v), 1)))
  v128.store(to, i16x8.add(v128.load(from, 16), i16x8.shl(high8(v), 1)), 16)
}

/** The same of up to four groups of a pixel. */
@inline
function addPixel(wide: bool, groups: i32, to: usize, from: usize, v0: v128, v1: v128, v2: v128, v3: v128): void {
  const size: usize = wide ? 32 : 16
  addGroup(wide, to, from, v0)
  if (groups > 1) addGroup(wide, to + size, from + size, v1)
  if (groups > 2) addGroup(wide, to + 2 * size, from + 2 * size, v2)
  if (groups > 3) addGroup(wide, to + 3 * size, from + 3 * size, v3)
}

/**
 * A row of sums of `groups` (1 to 4, known when compiled) groups of outputs: four pixels at a time of one or two groups, two of more, so that
 * all sums stay in registers.
 */
@inline
function blocks(groups: i32, wide: bool, d: Dots, input: usize, constants: usize, w: usize, to: usize): void {
  const four = groups < 3
  const table = wide ? AGREEMENTS : PRODUCTS
  const runs = d.offsets + (<usize>d.runs << 2)
  const length = d.length
  const width = d.width
  const pixel = d.pixelBytes
  const pixel2 = pixel << 1
  const pixel3 = pixel2 + pixel
  const toPixel = d.toPixel
  const zero = i32x4.splat(0)
  let columns = d.columnConstants
  for (let x = 0; x < width; x += four ? 4 : 2) {
    const toB = to + toPixel
    const toC = toB + toPixel
    const toE = toC + toPixel
    let fromA = constants + load<u32>(columns)
    let fromB = constants + load<u32>(columns, 4)
    let fromC = constants + (four ? load<u32>(columns, 8) : 0)
    let fromE = constants + (four ? load<u32>(columns, 12) : 0)
    let wp = w
    let run = d.offsets
    let ip = input + load<u32>(run)
    let last = ip + length
    do {
      let a0 = zero, a1 = zero, a2 = zero, a3 = zero, b0 = zero, b1 = zero, b2 = zero, b3 = zero
      let c0 = zero, c1 = zero, e0 = zero, e1 = zero
      let room = CHUNK
      do {
        const end = wide ? min(ip + room, last) : last
        if (wide) room -= end - ip
        do {
          const ra = v128.load(table + load<u8>(ip))
          const rb = v128.load(table + load<u8>(ip + pixel))
          const rc = four ? v128.load(table + load<u8>(ip + pixel2)) : zero
          const re = four ? v128.load(table + load<u8>(ip + pixel3)) : zero
          let weights = v128.load(wp)
          a0 = i8x16.add(a0, pick(ra, weights))
          b0 = i8x16.add(b0, pick(rb, weights))
          if (four) {
            c0 = i8x16.add(c0, pick(rc, weights))
            e0 = i8x16.add(e0, pick(re, weights))
          }
          if (groups > 1) {
            weights = v128.load(wp, 16)
            a1 = i8x16.add(a1, pick(ra, weights))
            b1 = i8x16.add(b1, pick(rb, weights))
            if (four) {
              c1 = i8x16.add(c1, pick(rc, weights))
              e1 = i8x16.add(e1, pick(re, weights))
            }
          }
          if (groups > 2) {
            weights = v128.load(wp, 32)
            a2 = i8x16.add(a2, pick(ra, weights))
            b2 = i8x16.add(b2, pick(rb, weights))
          }
          if (groups > 3) {
            weights = v128.load(wp, 48)
            a3 = i8x16.add(a3, pick(ra, weights))
            b3 = i8x16.add(b3, pick(rb, weights))
          }
          ip++
          wp += <usize>groups << 4
        } while (ip < end)
        if (ip == last) {
          run += 4
          ip = input + load<u32>(run)
          last = ip + length
        }
      } while (room && run < runs)
      addPixel(wide, groups, to, fromA, a0, a1, a2, a3)
      addPixel(wide, groups, toB, fromB, b0, b1, b2, b3)
      if (four) {
        addPixel(wide, groups, toC, fromC, c0, c1, zero, zero)
        addPixel(wide, groups, toE, fromE, e0, e1, zero, zero)
      }
      fromA = to
      fromB = toB
      fromC = toC
      fromE = toE
    } while (wide && run < runs)
    columns += four ? 16 : 8
    input += four ? pixel << 2 : pixel2
    to = four ? toE + toPixel : toC
  }
}

@inline
function rows(wide: bool, args: usize, first: i32, last: i32): void {
  const d = changetype<Dots>(args)
  const sums: usize = wide ? 32 : 16
  const nibbles = <usize>d.runs * d.length
  for (let y = first; y < last; y++) {
    const input = d.input + <usize>y * d.rowBytes
    let constants: usize = load<u32>(d.rowConstants + (<usize>y << 2))
    let to = d.to + <usize>((y - first) * d.width) * d.toPixel
    let weights = d.weights
    for (let groups = d.groups; groups > 0; groups -= 4) {
      if (groups > 3) blocks(4, wide, d, input, constants, weights, to)
      else if (groups == 3) blocks(3, wide, d, input, constants, weights, to)
      else if (groups == 2) blocks(2, wide, d, input, constants, weights, to)
      else blocks(1, wide, d, input, constants, weights, to)
      weights += nibbles << 6
      constants += sums << 2
      to += sums << 2
    }
  }
}

/** Of at most 31 nibbles: bytes. */
export function lookupBytes(args: usize, first: i32, last: i32): void {
  rows(false, args, first, last)
}

export function lookupWords(args: usize, first: i32, last: i32): void {
  rows(true, args, first, last)
}
