// Float convolution: rows of sums of sixteen outputs, three pixels at a time.
import { Dots } from './dots'
import { fma } from './vector'

/** A row of sums of a group of outputs. */
@inline
function triples(d: Dots, input: usize, weights: usize, to: usize): void {
  const runs = d.offsets + (<usize>d.runs << 2)
  const bytes = d.length << 2
  const pixel = d.pixelBytes
  for (let x = 0; x < d.width; x += 3) {
    const zero = f32x4.splat(0)
    let a0 = zero, a1 = zero, a2 = zero, a3 = zero, b0 = zero, b1 = zero, b2 = zero, b3 = zero, c0 = zero, c1 = zero, c2 = zero, c3 = zero
    let wp = weights
    for (let run = d.offsets; run < runs; run += 4) {
      let ip = input + load<u32>(run)
      for (const end = ip + bytes; ip < end; ip += 4, wp += 64) {
        const a = v128.load32_splat(ip)
        const b = v128.load32_splat(ip + pixel)
        const c = v128.load32_splat(ip + (pixel << 1))
        const w0 = v128.load(wp)
        const w1 = v128.load(wp, 16)
        a0 = fma(a, w0, a0)
        b0 = fma(b, w0, b0)
        c0 = fma(c, w0, c0)
        a1 = fma(a, w1, a1)
        b1 = fma(b, w1, b1)
        c1 = fma(c, w1, c1)
        const w2 = v128.load(wp, 32)
        const w3 = v128.load(wp, 48)
        a2 = fma(a, w2, a2)
        b2 = fma(b, w2, b2)
        c2 = fma(c, w2, c2)
        a3 = fma(a, w3, a3)
        b3 = fma(b, w3, b3)
        c3 = fma(c, w3, c3)
      }
    }
    v128.store(to, a0)
    v128.store(to, a1, 16)
    v128.store(to, a2, 32)
    v128.store(to, a3, 48)
    to += d.toPixel
    v128.store(to, b0)
    v128.store(to, b1, 16)
    v128.store(to, b2, 32)
    v128.store(to, b3, 48)
    to += d.toPixel
    v128.store(to, c0)
    v128.store(to, c1, 16)
    v128.store(to, c2, 32)
    v128.store(to, c3, 48)
    to += d.toPixel
    input += 3 * pixel
  }
}

/** Row `y` of the sums, as floats; there are no constants. */
export function convolve(args: usize, y: i32): void {
  const d = changetype<Dots>(args)
  const input = d.input + <usize>y * d.rowBytes
  const groupBytes = (<usize>d.runs * d.length) << 6
  for (let g = 0; g < d.groups; g++)
    triples(d, input, d.weights + <usize>g * groupBytes, d.to + (<usize>g << 6))
}
