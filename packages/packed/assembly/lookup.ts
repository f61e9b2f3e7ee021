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

/** Agreements that a byte holds: of 63 nibbles. */
const CHUNK: usize = 63

@inline
function flush(to: usize, v: v128): void {
  v128.store(to, i16x8.add(v128.load(to), i16x8.shl(low8(v), 1)))
  v128.store(to, i16x8.add(v128.load(to, 16), i16x8.shl(high8(v), 1)), 16)
}

@inline
function begin(to: usize, constants: usize, groups: i32): void {
  for (let k: usize = 0; k < <usize>groups << 5; k += 16) v128.store(to + k, v128.load(constants + k))
}

/** A row of sums of `groups` (1 to 4, known when compiled) groups of outputs, two pixels at a time. */
@inline
function pairs(groups: i32, wide: bool, d: Dots, input: usize, constants: usize, w: usize, to: usize): void {
  const table = wide ? AGREEMENTS : PRODUCTS
  const offsets = d.offsets
  const runs = d.offsets + (<usize>d.runs << 2)
  const length = d.length
  const width = d.width
  const pixelBytes = d.pixelBytes
  const toPixel = d.toPixel
  let columns = d.columnConstants
  let pa = input
  for (let x = 0; x < width; x += 2) {
    const pb = pa + pixelBytes
    const ka = constants + load<u32>(columns)
    const kb = constants + load<u32>(columns, 4)
    const tb = to + toPixel
    let a0 = i32x4.splat(0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0
    if (wide) {
      begin(to, ka, groups)
      begin(tb, kb, groups)
    } else {
      a0 = v128.load(ka)
      b0 = v128.load(kb)
      if (groups > 1) {
        a1 = v128.load(ka, 16)
        b1 = v128.load(kb, 16)
      }
      if (groups > 2) {
        a2 = v128.load(ka, 32)
        b2 = v128.load(kb, 32)
      }
      if (groups > 3) {
        a3 = v128.load(ka, 48)
        b3 = v128.load(kb, 48)
      }
    }
    let wp = w
    for (let run = offsets; run < runs; run += 4) {
      let ia = pa + load<u32>(run)
      let ib = pb + load<u32>(run)
      const last = ia + length
      while (ia < last) {
        const end = wide ? min(ia + CHUNK, last) : last
        if (wide) {
          a0 = i32x4.splat(0)
          b0 = a0
          a1 = a0
          b1 = a0
          a2 = a0
          b2 = a0
          a3 = a0
          b3 = a0
        }
        do {
          const ra = v128.load(table + load<u8>(ia++))
          const rb = v128.load(table + load<u8>(ib++))
          let weights = v128.load(wp)
          a0 = i8x16.add(a0, pick(ra, weights))
          b0 = i8x16.add(b0, pick(rb, weights))
          if (groups > 1) {
            weights = v128.load(wp, 16)
            a1 = i8x16.add(a1, pick(ra, weights))
            b1 = i8x16.add(b1, pick(rb, weights))
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
          wp += <usize>groups << 4
        } while (ia < end)
        if (wide) {
          flush(to, a0)
          flush(tb, b0)
          if (groups > 1) {
            flush(to + 32, a1)
            flush(tb + 32, b1)
          }
          if (groups > 2) {
            flush(to + 64, a2)
            flush(tb + 64, b2)
          }
          if (groups > 3) {
            flush(to + 96, a3)
            flush(tb + 96, b3)
          }
        }
      }
    }
    if (!wide) {
      v128.store(to, a0)
      v128.store(tb, b0)
      if (groups > 1) {
        v128.store(to, a1, 16)
        v128.store(tb, b1, 16)
      }
      if (groups > 2) {
        v128.store(to, a2, 32)
        v128.store(tb, b2, 32)
      }
      if (groups > 3) {
        v128.store(to, a3, 48)
        v128.store(tb, b3, 48)
      }
    }
    columns += 8
    pa = pb + pixelBytes
    to = tb + toPixel
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
      if (groups > 3) pairs(4, wide, d, input, constants, weights, to)
      else if (groups == 3) pairs(3, wide, d, input, constants, weights, to)
      else if (groups == 2) pairs(2, wide, d, input, constants, weights, to)
      else pairs(1, wide, d, input, constants, weights, to)
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
