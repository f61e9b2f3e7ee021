/** A window sliding over NHWC images, and what happens to the input first. Field order is the wire format: see src/wasm/arguments.ts. */
@unmanaged
export class Window {
  batch: i32
  inHeight: i32
  inWidth: i32
  inChannels: i32
  outHeight: i32
  outWidth: i32
  outChannels: i32
  kernelHeight: i32
  kernelWidth: i32
  stride: i32
  dilation: i32
  padTop: i32
  padLeft: i32
  /** Prologue of the convolutions; scale and shift are 0 where there is no affine part. */
  activation: i32
  scale: usize
  shift: usize
  /** Operands, by kernel; 0 where absent. */
  x: usize
  w: usize
  y: usize
  into: usize
  /** Forward: per-image moments of the output, 0 for none. Filter gradient: partial sums, one a group. */
  partials: usize
  groups: i32

  @inline get inPixels(): i32 { return this.inHeight * this.inWidth }
  @inline get outPixels(): i32 { return this.outHeight * this.outWidth }
  @inline get taps(): i32 { return this.kernelHeight * this.kernelWidth }
  @inline inImage(base: usize, image: i32): usize { return base + (<usize>image * this.inPixels * this.inChannels << 2) }
  @inline outImage(base: usize, image: i32): usize { return base + (<usize>image * this.outPixels * this.outChannels << 2) }
  /** Images of group i are [groupStart(i), groupStart(i + 1)). */
  @inline groupStart(group: i32): i32 { return group * this.batch / this.groups }
}
