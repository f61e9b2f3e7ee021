/** The kernels of assembly/, by addresses in the memory that they were given. What `args` points at, the planners write. */
export interface Kernels {
  gatherFloats(args: number): void
  gatherNibbles(args: number): void
  gatherWords(args: number): void
  addProducts(
    args: number,
    loop: number,
    height: number,
    to: number,
    pixel: number,
    quads: number,
    scale: number,
    bias: number,
  ): void
  compareProducts(args: number, loop: number, height: number, to: number, pixel: number, thresholds: number): void
  addFloats(args: number, height: number, to: number, pixel: number, quads: number, bias: number): void
  spread(args: number): void
  depthwise(args: number): void
  pool(args: number, max: number): void
  signs(from: number, to: number, pixels: number, fromPixel: number, toPixel: number, channels: number): void
  fill(to: number, pixels: number, pixel: number, value: number): void
  add(from: number, to: number, pixels: number, pixel: number, bias: number): void
  prelu(from: number, to: number, pixels: number, pixel: number, slope: number): void
  means(from: number, to: number, pixels: number, pixel: number): void
  dense(features: number, count: number, weights: number, to: number, bytes: number): void
}
