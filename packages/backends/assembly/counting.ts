// Convolution of signs with 1-bit filters, all of an output channel being plus or minus the same number, by look-up: four
// channels of an input pixel select a row of sixteen bytes, in which four channels' filters of each of sixteen outputs are the
// index. Agreements are counted in bytes and added in 16-bit numbers; the scale comes last, so that a sum is rounded once.
import { Window } from './geometry'
import { rowMoments } from './moments'
import { firstColumn, lastColumn, reach } from './plane'
import { prologueRows } from './rows'
import { pick, storeLanes } from './vector'

/** Row a, byte w: agreements of the four bits of a and w. The row of padding: as many agreements as disagreements. */
const AGREEMENTS = memory.data(17 * 16, 16)
const PADDING: u16 = 256
for (let i = 0; i < 256; i++) store<u8>(AGREEMENTS + i, 4 - popcnt((i >> 4) ^ (i & 15)))
for (let i = 256; i < 272; i++) store<u8>(AGREEMENTS + i, 2)

/** Outputs that a row of the table is for. */
const GROUP: i32 = 16
/** Groups of outputs that are summed together, so that the sums stay in registers. */
const GROUPS: i32 = 4
/** Rows of the table whose agreements a byte holds the sum of. */
const CHUNK: i32 = 63
/** Bytes of the sums of four pixels of two groups, or two of four. */
const SUMS: usize = 256

@inline
function groupsOf(outputs: i32): i32 { return (outputs + GROUP - 1) / GROUP }

/** Of four rows of four filters: 1, 2, 4 and 8 where those of the first to the last are negative. */
@inline
function negatives(p: usize, pitch: usize): v128 {
  const v0 = i32x4.shr_u(v128.load(p), 31)
  const v1 = i32x4.shl(i32x4.shr_u(v128.load(p + pitch), 31), 1)
  const v2 = i32x4.shl(i32x4.shr_u(v128.load(p + 2 * pitch), 31), 2)
  const v3 = i32x4.shl(i32x4.shr_u(v128.load(p + 3 * pitch), 31), 3)
  return v128.or(v128.or(v0, v1), v128.or(v2, v3))
}

/** Where four rows of four filters differ in size from these. */
@inline
function differences(p: usize, pitch: usize, sizes: v128): v128 {
  const d0 = f32x4.ne(f32x4.abs(v128.load(p)), sizes)
  const d1 = f32x4.ne(f32x4.abs(v128.load(p + pitch)), sizes)
  const d2 = f32x4.ne(f32x4.abs(v128.load(p + 2 * pitch)), sizes)
  const d3 = f32x4.ne(f32x4.abs(v128.load(p + 3 * pitch)), sizes)
  return v128.or(v128.or(d0, d1), v128.or(d2, d3))
}

/**
 * Packs filters w [depth, outputs], depth a multiple of four: for every group of outputs its sixteen scales, then indices into rows of
 * agreements, sixteen for four rows of filters, groups that are summed together side by side. False if an output's filters are not plus or
 * minus the same finite number.
 */
export function packSigns(w: usize, depth: i32, outputs: i32, out: usize): bool {
  const pitch = <usize>outputs << 2
  const groups = groupsOf(outputs)
  let indices = out + <usize>(groups * GROUP << 2)
  for (let c = 0; c < outputs; c += 4) {
    const at = <usize>c << 2
    const sizes = f32x4.abs(v128.load(w + at))
    let wrong = f32x4.ge(sizes, f32x4.splat(Infinity))
    for (let i = 0; i < depth; i += 4) wrong = v128.or(wrong, differences(w + <usize>i * pitch + at, pitch, sizes))
    if (i32x4.bitmask(wrong) & ((1 << min(4, outputs - c)) - 1)) return false
    v128.store(out + at, sizes)
  }
  for (let first = 0; first < groups; first += GROUPS) {
    const last = min(groups, first + GROUPS)
    for (let i = 0; i < depth; i += 4) {
      const row = w + <usize>i * pitch
      for (let group = first; group < last; group++) {
        const p = row + <usize>(group * GROUP << 2)
        const low = i16x8.narrow_i32x4_u(negatives(p, pitch), negatives(p + 16, pitch))
        const high = i16x8.narrow_i32x4_u(negatives(p + 32, pitch), negatives(p + 48, pitch))
        v128.store(indices, i8x16.narrow_i16x8_u(low, high))
        indices += GROUP
      }
    }
  }
  return true
}

/** to = offsets of the rows of agreements of `count` times four values P(x), which are at `from`. */
@inline
function packRun(from: usize, to: usize, count: i32): void {
  const end = to + (<usize>count << 1)
  for (; to < end; to += 2) {
    store<u16>(to, <u16>(i32x4.bitmask(v128.load(from)) << 4))
    from += 16
  }
}

@inline
function pad(to: usize, count: i32): void {
  const end = to + (<usize>count << 1)
  for (; to < end; to += 2) store<u16>(to, PADDING)
}

/** Row `row` of the plane of P(x) as offsets, `nibbles` a pixel: pixel (y, x) of the image lies at (y + padTop, x + padLeft). Scratch: a row of x. */
function packRow(g: Window, x: usize, row: i32, plane: usize, width: i32, nibbles: i32, scratch: usize): void {
  const to = plane + (<usize>(row * width * nibbles) << 1)
  const y = row - g.padTop
  const first = firstColumn(g)
  const last = lastColumn(g, width)
  const left = min(width, max(0, g.padLeft))
  if (y < 0 || y >= g.inHeight || first == last) {
    pad(to, width * nibbles)
    return
  }
  const count = last - first
  prologueRows(g.activation, x + <usize>(y * g.inWidth + first) * g.inPixel, scratch, count, g.inChannels, g.scale, g.shift)
  const start = left * nibbles
  pad(to, start)
  packRun(scratch, to + (<usize>start << 1), count * nibbles)
  const filled = start + count * nibbles
  pad(to + (<usize>filled << 1), width * nibbles - filled)
}

/**
 * What a pixel's window reads of the plane: how many runs, then for each where it begins after the window's first value and how long it is, in
 * bytes; of one chunk after the other, and 0.
 */
function writeRuns(g: Window, width: i32, nibbles: i32, to: usize): void {
  const whole = g.dilation == 1 ? g.kernelWidth * nibbles : nibbles
  const across = g.dilation == 1 ? 1 : g.kernelWidth
  let head = to
  let count = 0
  let room = CHUNK
  to += 4
  for (let ky = 0; ky < g.kernelHeight; ky++) {
    for (let kx = 0; kx < across; kx++) {
      let begin = (ky * width + kx) * g.dilation * nibbles
      for (let rest = whole; rest > 0; ) {
        if (!room) {
          store<i32>(head, count)
          head = to
          to += 4
          count = 0
          room = CHUNK
        }
        const length = min(room, rest)
        store<i32>(to, begin << 1)
        store<i32>(to, length << 1, 4)
        to += 8
        count++
        begin += length
        rest -= length
        room -= length
      }
    }
  }
  store<i32>(head, count)
  store<i32>(to, 0)
}

/** Sixteen sums more: to = v, or to + v, in 16-bit numbers. */
@inline
function addGroup(first: bool, to: usize, v: v128): void {
  let low = i16x8.extend_low_i8x16_u(v), high = i16x8.extend_high_i8x16_u(v)
  if (!first) {
    low = i16x8.add(low, v128.load(to))
    high = i16x8.add(high, v128.load(to, 16))
  }
  v128.store(to, low)
  v128.store(to, high, 16)
}

/** The same of up to four groups of a pixel. */
@inline
function addPixel(groups: i32, first: bool, to: usize, v0: v128, v1: v128, v2: v128, v3: v128): void {
  addGroup(first, to, v0)
  if (groups > 1) addGroup(first, to + 32, v1)
  if (groups > 2) addGroup(first, to + 64, v2)
  if (groups > 3) addGroup(first, to + 96, v3)
}

/** Agreements of `groups` (1 to 4, known when compiled) groups of outputs: of four pixels of one or two groups, of two of more. */
@inline
function agreements(groups: i32, runs: usize, input: usize, step: usize, w: usize, to: usize): void {
  const four = groups < 3
  const table = AGREEMENTS
  const zero = i32x4.splat(0)
  const step2 = step << 1
  const step3 = step2 + step
  const size = <usize>groups << 5
  let first = true
  for (let left = load<i32>(runs); left; left = load<i32>(runs)) {
    runs += 4
    let a0 = zero, a1 = zero, a2 = zero, a3 = zero, b0 = zero, b1 = zero, b2 = zero, b3 = zero
    let c0 = zero, c1 = zero, e0 = zero, e1 = zero
    do {
      let p = input + load<u32>(runs)
      const end = p + load<u32>(runs, 4)
      runs += 8
      do {
        const ra = v128.load(table + load<u16>(p))
        const rb = v128.load(table + load<u16>(p + step))
        const rc = four ? v128.load(table + load<u16>(p + step2)) : zero
        const re = four ? v128.load(table + load<u16>(p + step3)) : zero
        let index = v128.load(w)
        a0 = i8x16.add(a0, pick(ra, index))
        b0 = i8x16.add(b0, pick(rb, index))
        if (four) {
          c0 = i8x16.add(c0, pick(rc, index))
          e0 = i8x16.add(e0, pick(re, index))
        }
        if (groups > 1) {
          index = v128.load(w, 16)
          a1 = i8x16.add(a1, pick(ra, index))
          b1 = i8x16.add(b1, pick(rb, index))
          if (four) {
            c1 = i8x16.add(c1, pick(rc, index))
            e1 = i8x16.add(e1, pick(re, index))
          }
        }
        if (groups > 2) {
          index = v128.load(w, 32)
          a2 = i8x16.add(a2, pick(ra, index))
          b2 = i8x16.add(b2, pick(rb, index))
        }
        if (groups > 3) {
          index = v128.load(w, 48)
          a3 = i8x16.add(a3, pick(ra, index))
          b3 = i8x16.add(b3, pick(rb, index))
        }
        p += 2
        w += <usize>groups << 4
      } while (p < end)
    } while (--left)
    addPixel(groups, first, to, a0, a1, a2, a3)
    addPixel(groups, first, to + size, b0, b1, b2, b3)
    if (four) {
      addPixel(groups, first, to + 2 * size, c0, c1, zero, zero)
      addPixel(groups, first, to + 3 * size, e0, e1, zero, zero)
    }
    first = false
  }
}

/** Outputs of a pixel from the agreements of their groups: scale * (2 * agreements - depth). */
@inline
function finish(sums: usize, scales: usize, to: usize, outputs: i32, depth: v128): void {
  for (let c = 0; c < outputs; c += 8) {
    const s = v128.load(sums)
    const low = i32x4.sub(i32x4.shl(i32x4.extend_low_i16x8_u(s), 1), depth)
    storeLanes(to, f32x4.mul(f32x4.convert_i32x4_s(low), v128.load(scales)), min(4, outputs - c))
    if (outputs - c > 4) {
      const high = i32x4.sub(i32x4.shl(i32x4.extend_high_i16x8_u(s), 1), depth)
      storeLanes(to + 16, f32x4.mul(f32x4.convert_i32x4_s(high), v128.load(scales, 16)), min(4, outputs - c - 4))
    }
    sums += 16
    scales += 32
    to += 32
  }
}

/** w: what `packSigns` wrote. Scratch: sums, runs, a row of x, a plane. src/wasm/counting.ts sizes it by the same rules. */
export function countingConv2d(args: usize, image: i32, scratch: usize): void {
  const g = changetype<Window>(args)
  const x = g.x + <usize>image * g.inImage
  const y = g.y + <usize>image * g.outImage
  const nibbles = g.inChannels >> 2
  const depth = i32x4.splat(g.taps * g.inChannels)
  const groups = groupsOf(g.outChannels)
  const width = reach(g.outWidth, g.kernelWidth, g.stride, g.dilation) + 3 * g.stride
  const height = reach(g.outHeight, g.kernelHeight, g.stride, g.dilation)
  const runs = scratch + SUMS
  const row = runs + (<usize>(g.taps * (nibbles / CHUNK + 2) * 12 + 16) & ~15)
  const plane = row + <usize>g.inWidth * g.inPixel
  for (let i = 0; i < height; i++) packRow(g, x, i, plane, width, nibbles, row)
  writeRuns(g, width, nibbles, runs)

  const step = <usize>(g.stride * nibbles) << 1
  const rowStep = step * width
  for (let oy = 0; oy < g.outHeight; oy++) {
    const input = plane + <usize>oy * rowStep
    const out = y + <usize>(oy * g.outWidth) * g.outPixel
    let scales = g.w
    let w = g.w + <usize>(groups * GROUP << 2)
    for (let first = 0; first < groups; first += GROUPS) {
      const together = min(GROUPS, groups - first)
      const outputs = min(together * GROUP, g.outChannels - first * GROUP)
      const pixels = together < 3 ? 4 : 2
      for (let ox = 0; ox < g.outWidth; ox += pixels) {
        const from = input + <usize>ox * step
        if (together > 3) agreements(4, runs, from, step, w, scratch)
        else if (together == 3) agreements(3, runs, from, step, w, scratch)
        else if (together == 2) agreements(2, runs, from, step, w, scratch)
        else agreements(1, runs, from, step, w, scratch)
        const count = min(pixels, g.outWidth - ox)
        const to = out + <usize>ox * g.outPixel + <usize>(first * GROUP << 2)
        for (let i = 0; i < count; i++)
          finish(scratch + <usize>(i * together << 5), scales, to + <usize>i * g.outPixel, outputs, depth)
      }
      w += <usize>(g.taps * nibbles * together * GROUP)
      scales += <usize>(together * GROUP << 2)
    }
  }
  if (g.moments) rowMoments(y, g.outPixels, g.outChannels, g.moments + <usize>image * g.outPixel * 2)
}
