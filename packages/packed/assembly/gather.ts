// Brings the inputs of a convolution side by side, with the pixels outside of the map around them, so that the loops over
// windows know no borders. Pixels outside are zeros: of bits, whose -1 they would be, constants take that back.

/** Field order is the wire format: see src/runtime/gather.ts. */
@unmanaged
class Gather {
  /** The first pixel inside of what is around. */
  to: usize
  /** All that is written to, with what is around. */
  all: usize
  bytes: usize
  toRow: usize
  toPixel: usize
  /** Whether there is anything around it. */
  around: i32
  height: i32
  width: i32
  relu: i32
  parts: i32
  /** The first of `parts`. */
  part: usize
}

@unmanaged
class Part {
  from: usize
  pixel: usize
  /** Nibbles, words or channels. */
  count: i32
}

const PART: usize = 12

/** 16 bytes set, then 16 that are not. */
const MASK = memory.data<u64>([-1, -1, 0, 0], 16)

/** The bits of 8 bytes, four a byte, in its upper half. */
@inline
function nibbles(v: v128): v128 {
  const upper = i8x16.splat(<i8>0xf0)
  const low = v128.and(i16x8.shl(v, 4), upper)
  return i8x16.shuffle(low, v128.and(v, upper), 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
}

/** For the look-up: four channels a byte, times 16. A part begins a byte. */
export function gatherNibbles(args: usize): void {
  const g = changetype<Gather>(args)
  if (g.around) memory.fill(g.all, 0, g.bytes)
  const first = changetype<Part>(g.part)
  if (g.parts == 1 && !g.around && first.pixel << 1 == g.toPixel) return expand(first.from, g.to, g.bytes)
  const end = g.part + <usize>g.parts * PART
  for (let y = 0; y < g.height; y++) {
    let to = g.to + <usize>y * g.toRow
    for (let x = 0, i = y * g.width; x < g.width; x++, i++) {
      for (let part = g.part; part < end; part += PART) {
        const p = changetype<Part>(part)
        let from = p.from + <usize>i * p.pixel
        for (let left = p.count; left > 0; left -= 16) {
          const mask = v128.load(MASK + 16 - <usize>min(left, 16))
          v128.store(to, v128.and(nibbles(v128.load64_zero(from)), mask))
          from += 8
          to += <usize>min(left, 16)
        }
      }
    }
  }
}

function expand(from: usize, to: usize, bytes: usize): void {
  const upper = i8x16.splat(<i8>0xf0)
  for (const end = to + bytes; to < end; to += 32) {
    const v = v128.load(from)
    const low = v128.and(i16x8.shl(v, 4), upper)
    const high = v128.and(v, upper)
    v128.store(to, i8x16.shuffle(low, high, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23))
    v128.store(to, i8x16.shuffle(low, high, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31), 16)
    from += 16
  }
}

/** For counting bits: 32 channels a word. A part begins a word. */
export function gatherWords(args: usize): void {
  const g = changetype<Gather>(args)
  if (g.around) memory.fill(g.all, 0, g.bytes)
  const end = g.part + <usize>g.parts * PART
  for (let y = 0; y < g.height; y++) {
    let to = g.to + <usize>y * g.toRow
    for (let x = 0, i = y * g.width; x < g.width; x++, i++) {
      for (let part = g.part; part < end; part += PART) {
        const p = changetype<Part>(part)
        const from = p.from + <usize>i * p.pixel
        if (p.pixel == 2) store<u32>(to, load<u16>(from))
        else for (let k: usize = 0; k < <usize>p.count << 2; k += 4) store<u32>(to + k, load<u32>(from + k))
        to += <usize>p.count << 2
      }
    }
  }
}

/** Floats; negative ones as 0 where `relu`. */
export function gatherFloats(args: usize): void {
  const g = changetype<Gather>(args)
  if (g.around) memory.fill(g.all, 0, g.bytes)
  const end = g.part + <usize>g.parts * PART
  const least = f32x4.splat(g.relu ? 0 : -Infinity)
  for (let y = 0; y < g.height; y++) {
    let to = g.to + <usize>y * g.toRow
    for (let x = 0, i = y * g.width; x < g.width; x++, i++) {
      for (let part = g.part; part < end; part += PART) {
        const p = changetype<Part>(part)
        const from = p.from + <usize>i * p.pixel
        for (let k: usize = 0; k < <usize>p.count << 2; k += 16)
          v128.store(to + k, f32x4.pmax(v128.load(from + k), least))
        to += <usize>p.count << 2
      }
    }
  }
}
