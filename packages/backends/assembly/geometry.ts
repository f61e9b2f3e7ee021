/** A window sliding over NHWC images, with its operands. Field order is the wire format: see src/wasm/windows.ts. */
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
  /** Prologue: x enters as activation(x * scale + shift); scale and shift are 0 where there is no affine part. */
  activation: i32
  scale: usize
  shift: usize
  /** Operands and results, by kernel; 0 where absent. */
  x: usize
  w: usize
  y: usize
  /** Forward: moments of the output image by image. */
  moments: usize
  /** Gradient of y: dy, or dy * dyScale + dyX * dySlope + dyShift where dyScale is given. */
  dy: usize
  dyScale: usize
  dyX: usize
  dySlope: usize
  dyShift: usize
  dx: usize
  into: usize
  /** Sums of dx and dx * (x - mean) by channel, image by image. */
  sums: usize
  mean: usize
  /** Filter gradients, one a group of images. */
  dw: usize
  groups: i32

  @inline get inPixels(): i32 { return this.inHeight * this.inWidth }
  @inline get outPixels(): i32 { return this.outHeight * this.outWidth }
  @inline get taps(): i32 { return this.kernelHeight * this.kernelWidth }
  /** Bytes of a pixel, of an image. */
  @inline get inPixel(): usize { return <usize>this.inChannels << 2 }
  @inline get outPixel(): usize { return <usize>this.outChannels << 2 }
  @inline get inImage(): usize { return <usize>this.inPixels * this.inPixel }
  @inline get outImage(): usize { return <usize>this.outPixels * this.outPixel }
  /** Images of group i are [groupStart(i), groupStart(i + 1)). */
  @inline groupStart(group: i32): i32 { return group * this.batch / this.groups }
}
