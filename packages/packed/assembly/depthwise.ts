// Binary depthwise convolution on bits as they lie: the agreements of 128 channels (of one pixel or of several) are counted by
// adders of one bit each, and compared with thresholds that lie in bit planes too. Nothing is unpacked.

/** Field order is the wire format: see src/runtime/depthwise.ts. */
@unmanaged
class Depthwise {
  input: usize
  /** Bytes from an output row's input to the next one's. */
  rowBytes: usize
  height: i32
  /** Vectors of an output row. */
  vectors: i32
  /** Vectors of a pixel, at least 1. */
  chunks: i32
  taps: i32
  /** Of each tap from the first. */
  offsets: usize
  /** Complements of the signs: a vector for each tap, of each chunk in turn. */
  weights: usize
  /** Bits of a count. */
  planes: i32
  /** The address of the thresholds for each row, and the offset from it for each vector. */
  rowThresholds: usize
  vectorThresholds: usize
  to: usize
  toRow: usize
  /** Room for the planes of a count. */
  counts: usize
}

@inline
function agree(input: usize, offsets: usize, weights: usize, tap: usize): v128 {
  return v128.xor(v128.load(input + load<u32>(offsets + (tap << 2))), v128.load(weights + (tap << 4)))
}

/** Carry of a + b + c, where differ is a ^ b. */
@inline
function carry(a: v128, c: v128, differ: v128): v128 {
  return v128.bitselect(c, a, differ)
}

/** Whether a number is at least another, by their next higher bits and the answer for the lower ones. */
@inline
function atLeast(lower: v128, bit: v128, threshold: v128): v128 {
  return v128.bitselect(bit, lower, v128.xor(bit, threshold))
}

@inline
function nine(input: usize, o: usize, w: usize, t: usize): v128 {
  let a = agree(input, o, w, 0), b = agree(input, o, w, 1), c = agree(input, o, w, 2)
  let x = v128.xor(a, b)
  const s0 = v128.xor(x, c), c0 = carry(a, c, x)
  a = agree(input, o, w, 3)
  b = agree(input, o, w, 4)
  c = agree(input, o, w, 5)
  x = v128.xor(a, b)
  const s1 = v128.xor(x, c), c1 = carry(a, c, x)
  a = agree(input, o, w, 6)
  b = agree(input, o, w, 7)
  c = agree(input, o, w, 8)
  x = v128.xor(a, b)
  const s2 = v128.xor(x, c), c2 = carry(a, c, x)
  x = v128.xor(s0, s1)
  const one = v128.xor(x, s2), c3 = carry(s0, s2, x)
  x = v128.xor(c0, c1)
  const d = v128.xor(x, c2), e = carry(c0, c2, x)
  const two = v128.xor(d, c3), f = v128.and(d, c3)
  const four = v128.xor(e, f), eight = v128.and(e, f)
  let reached = atLeast(i32x4.splat(-1), one, v128.load(t))
  reached = atLeast(reached, two, v128.load(t, 16))
  reached = atLeast(reached, four, v128.load(t, 32))
  return atLeast(reached, eight, v128.load(t, 48))
}

@inline
function twentyFive(input: usize, o: usize, w: usize, t: usize): v128 {
  // Eight sums of three taps, in three sums of three, whose carries wait for each other.
  let a = agree(input, o, w, 0), b = agree(input, o, w, 1), c = agree(input, o, w, 2)
  let x = v128.xor(a, b)
  let s0 = v128.xor(x, c)
  const c0 = carry(a, c, x)
  a = agree(input, o, w, 3)
  b = agree(input, o, w, 4)
  c = agree(input, o, w, 5)
  x = v128.xor(a, b)
  let s1 = v128.xor(x, c)
  const c1 = carry(a, c, x)
  a = agree(input, o, w, 6)
  b = agree(input, o, w, 7)
  c = agree(input, o, w, 8)
  x = v128.xor(a, b)
  let s2 = v128.xor(x, c)
  const c2 = carry(a, c, x)
  x = v128.xor(s0, s1)
  const r0 = v128.xor(x, s2), c3 = carry(s0, s2, x)
  // Twos so far: c0 to c3.
  x = v128.xor(c0, c1)
  const t0 = v128.xor(x, c2), f0 = carry(c0, c2, x)

  a = agree(input, o, w, 9)
  b = agree(input, o, w, 10)
  c = agree(input, o, w, 11)
  x = v128.xor(a, b)
  s0 = v128.xor(x, c)
  const c4 = carry(a, c, x)
  a = agree(input, o, w, 12)
  b = agree(input, o, w, 13)
  c = agree(input, o, w, 14)
  x = v128.xor(a, b)
  s1 = v128.xor(x, c)
  const c5 = carry(a, c, x)
  x = v128.xor(c3, c4)
  const t1 = v128.xor(x, c5), f1 = carry(c3, c5, x)
  a = agree(input, o, w, 15)
  b = agree(input, o, w, 16)
  c = agree(input, o, w, 17)
  x = v128.xor(a, b)
  s2 = v128.xor(x, c)
  const c6 = carry(a, c, x)
  x = v128.xor(s0, s1)
  const r1 = v128.xor(x, s2), c7 = carry(s0, s2, x)

  a = agree(input, o, w, 18)
  b = agree(input, o, w, 19)
  c = agree(input, o, w, 20)
  x = v128.xor(a, b)
  s0 = v128.xor(x, c)
  const c8 = carry(a, c, x)
  x = v128.xor(c6, c7)
  const t2 = v128.xor(x, c8), f2 = carry(c6, c8, x)
  a = agree(input, o, w, 21)
  b = agree(input, o, w, 22)
  c = agree(input, o, w, 23)
  x = v128.xor(a, b)
  s1 = v128.xor(x, c)
  const c9 = carry(a, c, x)
  s2 = agree(input, o, w, 24)
  x = v128.xor(s0, s1)
  const r2 = v128.xor(x, s2), c10 = carry(s0, s2, x)

  x = v128.xor(r0, r1)
  const one = v128.xor(x, r2), c11 = carry(r0, r2, x)
  x = v128.xor(c9, c10)
  const t3 = v128.xor(x, c11), f3 = carry(c9, c11, x)
  x = v128.xor(t0, t1)
  const u = v128.xor(x, t2), f4 = carry(t0, t2, x)
  const two = v128.xor(u, t3), f5 = v128.and(u, t3)
  x = v128.xor(f0, f1)
  const g0 = v128.xor(x, f2), e0 = carry(f0, f2, x)
  x = v128.xor(f3, f4)
  const g1 = v128.xor(x, f5), e1 = carry(f3, f5, x)
  const four = v128.xor(g0, g1), e2 = v128.and(g0, g1)
  x = v128.xor(e0, e1)
  const eight = v128.xor(x, e2), sixteen = carry(e0, e2, x)
  let reached = atLeast(i32x4.splat(-1), one, v128.load(t))
  reached = atLeast(reached, two, v128.load(t, 16))
  reached = atLeast(reached, four, v128.load(t, 32))
  reached = atLeast(reached, eight, v128.load(t, 48))
  return atLeast(reached, sixteen, v128.load(t, 64))
}

/** Any number of taps: each is added to the planes, carry by carry. */
function many(d: Depthwise, input: usize, w: usize, t: usize): v128 {
  const bytes = <usize>d.planes << 4
  memory.fill(d.counts, 0, bytes)
  for (let tap: usize = 0; tap < <usize>d.taps; tap++) {
    let over = agree(input, d.offsets, w, tap)
    for (let k: usize = 0; k < bytes; k += 16) {
      const plane = v128.load(d.counts + k)
      v128.store(d.counts + k, v128.xor(plane, over))
      over = v128.and(plane, over)
    }
  }
  let reached = i32x4.splat(-1)
  for (let k: usize = 0; k < bytes; k += 16) reached = atLeast(reached, v128.load(d.counts + k), v128.load(t + k))
  return reached
}

@inline
function rows(taps: i32, d: Depthwise): void {
  const pitch = <usize>d.taps << 4
  const stop = d.weights + <usize>d.chunks * pitch
  let row = d.to
  for (let y = 0; y < d.height; y++, row += d.toRow) {
    let input = d.input + <usize>y * d.rowBytes
    const thresholds: usize = load<u32>(d.rowThresholds + (<usize>y << 2))
    let w = d.weights
    for (let v: usize = 0; v < <usize>d.vectors; v++, input += 16) {
      const t = thresholds + load<u32>(d.vectorThresholds + (v << 2))
      let reached: v128
      if (taps == 9) reached = nine(input, d.offsets, w, t)
      else if (taps == 25) reached = twentyFive(input, d.offsets, w, t)
      else reached = many(d, input, w, t)
      v128.store(row + (v << 4), reached)
      w += pitch
      if (w == stop) w = d.weights
    }
  }
}

export function depthwise(args: usize): void {
  const d = changetype<Depthwise>(args)
  if (d.taps == 9) rows(9, d)
  else if (d.taps == 25) rows(25, d)
  else rows(0, d)
}

/** Field order is the wire format: see src/runtime/depthwise.ts. */
@unmanaged
class Spread {
  from: usize
  /** The first pixel inside of what is around, in the columns of remainder 0. */
  to: usize
  height: i32
  width: i32
  pixel: usize
  toRow: usize
  stride: i32
  /** Bytes from one remainder's columns to the next's. */
  pitch: usize
  /** Remainder of the first column. */
  phase: i32
  /** All that is written to, with what is around. */
  all: usize
  bytes: usize
}

/** A bit map with zeros around it, the columns of each row sorted by their remainder modulo the stride, so that there is none. */
export function spread(args: usize): void {
  const s = changetype<Spread>(args)
  memory.fill(s.all, 0, s.bytes)
  let from = s.from
  for (let y = 0; y < s.height; y++) {
    const row = s.to + <usize>y * s.toRow
    if (s.stride == 1) {
      const bytes = <usize>s.width * s.pixel
      memory.copy(row, from, bytes)
      from += bytes
      continue
    }
    let phase = s.phase
    let at = row
    for (let x = 0; x < s.width; x++, from += s.pixel) {
      const target = at + <usize>phase * s.pitch
      if (s.pixel == 2) store<u16>(target, load<u16>(from))
      else if (s.pixel == 4) store<u32>(target, load<u32>(from))
      else for (let k: usize = 0; k < s.pixel; k += 8) store<u64>(target + k, load<u64>(from + k))
      if (++phase == s.stride) {
        phase = 0
        at += s.pixel
      }
    }
  }
}
