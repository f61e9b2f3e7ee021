// Binary convolution: the sums of +-1 times +-1, by either loop, as bytes (plus 128, where at most 124 products are summed) or
// 16-bit numbers. Arithmetic is modulo the size of the number; the results always fit.

/** Field order is the wire format: see src/runtime/dots.ts. */
@unmanaged
export class Dots {
  input: usize
  /** Bytes from an output's pixel of the input to that of the output below it, beside it. */
  rowBytes: usize
  pixelBytes: usize
  width: i32
  /** Stretches of the input that a window meets, of `length` nibbles or words, at `offsets` from its first. */
  runs: i32
  offsets: usize
  length: usize
  weights: usize
  groups: i32
  /** What to add: the address for each row, and the offset from it for each column. */
  rowConstants: usize
  columnConstants: usize
  to: usize
  /** Bytes of a pixel's sums. */
  toPixel: usize
}
