// Float convolution: rows of sums of sixteen outputs, two pixels at a time.
import { Dots } from './dots'
import { fma } from './vector'

/** A row of sums of a group of outputs. */
@inline
function pairs(d: Dots, input: usize, weights: usize, to: usize): void {
  const runs = d.offsets + (<usize>d.runs << 2)
  const bytes = d.length << 2
  const pixel = d.pixelBytes
  const offsets = d.offsets
  const width = d.width
  const toPixel = d.toPixel
  for (let x = 0; x < width; x += 2) {
    const zero = f32x4.splat(0)
    let a0 = zero, a1 = zero, a2 = zero, a3 = zero, b0 = zero, b1 = zero, b2 = zero, b3 = zero
    let wp = weights
    for (let run = offsets; run < runs; run += 4) {
      let ip = input + load<u32>(run)
      for (const end = ip + bytes; ip < end; ip += 4, wp += 64) {
        const a = v128.load32_splat(ip)
        const b = v128.load32_splat(ip + pixel)
        let w = v128.load(wp)
        a0 = fma(a, w, a0)
        b0 = fma(b, w, b0)
        w = v128.load(wp, 16)
        a1 = fma(a, w, a1)
        b1 = fma(b, w, b1)
        w = v128.load(wp, 32)
        a2 = fma(a, w, a2)
        b2 = fma(b, w, b2)
        w = v128.load(wp, 48)
        a3 = fma(a, w, a3)
        b3 = fma(b, w, b3)
      }
    }
    v128.store(to, a0)
    v128.store(to, a1, 16)
    v128.store(to, a2, 32)
    v128.store(to, a3, 48)
    to += toPixel
    v128.store(to, b0)
    v128.store(to, b1, 16)
    v128.store(to, b2, 32)
    v128.store(to, b3, 48)
    to += toPixel
    input += pixel << 1
  }
}

/** Row `y` of the sums, as floats; there are no constants. */
export function convolve(args: usize, y: i32): void {
  const d = changetype<Dots>(args)
  const input = d.input + <usize>y * d.rowBytes
  const groupBytes = (<usize>d.runs * d.length) << 6
  for (let g = 0; g < d.groups; g++)
    pairs(d, input, d.weights + <usize>g * groupBytes, d.to + (<usize>g << 6))
}
