// Binary convolution by counting: the bits in which 32 channels of an input pixel and the weights of four outputs differ.
import { Dots } from './dots'

/** Words whose differing bits a byte holds. */
const CHUNK: usize = 31 << 2

@inline
function differ(sum: v128, input: usize, weights: v128): v128 {
  return i8x16.add(sum, i8x16.popcnt(v128.xor(v128.load32_splat(input), weights)))
}

@inline
function widen(sum: v128, counts: v128): v128 {
  return i16x8.add(sum, i16x8.extadd_pairwise_i8x16_u(counts))
}

/** constants - 2 * sum, of four outputs */
@inline
function finish(to: usize, constants: usize, sum: v128): void {
  const total = i32x4.extadd_pairwise_i16x8_u(sum)
  const dots = i16x8.sub(v128.load64_zero(constants), i16x8.shl(i16x8.narrow_i32x4_s(total, total), 1))
  store<i64>(to, i64x2.extract_lane(dots, 0))
}

export function popcount(args: usize, first: i32, last: i32): void {
  const d = changetype<Dots>(args)
  const bytes = d.length << 2
  const runs = d.offsets + (<usize>d.runs << 2)
  for (let y = first; y < last; y++) {
    const constants: usize = load<u32>(d.rowConstants + (<usize>y << 2))
    let input = d.input + <usize>y * d.rowBytes
    let row = d.to + <usize>((y - first) * d.width) * d.toPixel
    for (let x = 0; x < d.width; x += 4) {
      const columns = d.columnConstants + (<usize>x << 2)
      const ka = constants + load<u32>(columns)
      const kb = constants + load<u32>(columns, 4)
      const kc = constants + load<u32>(columns, 8)
      const kd = constants + load<u32>(columns, 12)
      let wp = d.weights
      for (let k: usize = 0; k < <usize>d.groups << 5; k += 8) {
        let sa = i32x4.splat(0), sb = sa, sc = sa, sd = sa
        for (let run = d.offsets; run < runs; run += 4) {
          let ia = input + load<u32>(run)
          const stop = ia + bytes
          const pb = d.pixelBytes
          const pc = pb << 1
          const pd = pb + pc
          while (ia < stop) {
            const end = min(ia + CHUNK, stop)
            let a = i32x4.splat(0), b = a, c = a, e = a
            do {
              const weights = v128.load(wp)
              a = differ(a, ia, weights)
              b = differ(b, ia + pb, weights)
              c = differ(c, ia + pc, weights)
              e = differ(e, ia + pd, weights)
              ia += 4
              wp += 16
            } while (ia < end)
            sa = widen(sa, a)
            sb = widen(sb, b)
            sc = widen(sc, c)
            sd = widen(sd, e)
          }
        }
        let to = row + k
        finish(to, ka + k, sa)
        to += d.toPixel
        finish(to, kb + k, sb)
        to += d.toPixel
        finish(to, kc + k, sc)
        to += d.toPixel
        finish(to, kd + k, sd)
      }
      input += d.pixelBytes << 2
      row += d.toPixel << 2
    }
  }
}
