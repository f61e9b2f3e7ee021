// What goes before and after a convolution that is computed outside of this module, for a group of images.
import { narrow } from './bfloat16'
import { Window } from './geometry'
import { gradientAt, writeGradient } from './gradient'
import { rowMoments } from './moments'
import { epilogueRows, prologueRows } from './rows'
import { rowSums } from './sums'
import { BLOCK, IDENTITY } from './vector'

@inline
function firstPixel(g: Window, group: i32, pixels: i32): i32 { return g.groupStart(group) * pixels }

/** Rows of channels that are walked at a time. */
@inline
function blockOf(channels: i32): i32 { return max(1, BLOCK / channels) }

/** dst = P(x). */
export function writeInputs(args: usize, group: i32, dst: usize): void {
  const g = changetype<Window>(args)
  const block = blockOf(g.inChannels)
  const end = firstPixel(g, group + 1, g.inPixels)
  for (let row = firstPixel(g, group, g.inPixels); row < end; row += block) {
    const count = min(block, end - row)
    prologueRows(g.activation, g.x + <usize>row * g.inPixel, dst, count, g.inChannels, g.scale, g.shift)
    dst += <usize>count * g.inPixel
  }
}

/** dst = the gradient of the output. */
export function writeGradients(args: usize, group: i32, dst: usize): void {
  const g = changetype<Window>(args)
  const block = blockOf(g.outChannels)
  const end = firstPixel(g, group + 1, g.outPixels)
  for (let row = firstPixel(g, group, g.outPixels); row < end; row += block) {
    const count = min(block, end - row)
    writeGradient(g, 0, row, count, dst)
    dst += <usize>count * g.outPixel
  }
}

/** dst = P(x) as bfloat16. Scratch: a block of rows. */
export function writeNarrowInputs(args: usize, group: i32, dst: usize, scratch: usize): void {
  const g = changetype<Window>(args)
  const block = blockOf(g.inChannels)
  const end = firstPixel(g, group + 1, g.inPixels)
  const asItIs = g.activation == IDENTITY && !g.scale
  for (let row = firstPixel(g, group, g.inPixels); row < end; row += block) {
    const count = min(block, end - row)
    const from = g.x + <usize>row * g.inPixel
    if (!asItIs) prologueRows(g.activation, from, scratch, count, g.inChannels, g.scale, g.shift)
    narrow(asItIs ? from : scratch, dst, count * g.inChannels)
    dst += <usize>count * g.inPixel >> 1
  }
}

/** dst = the gradient of the output as bfloat16. Scratch: a block of rows. */
export function writeNarrowGradients(args: usize, group: i32, dst: usize, scratch: usize): void {
  const g = changetype<Window>(args)
  const block = blockOf(g.outChannels)
  const end = firstPixel(g, group + 1, g.outPixels)
  for (let row = firstPixel(g, group, g.outPixels); row < end; row += block) {
    const count = min(block, end - row)
    narrow(gradientAt(g, 0, row, count, scratch), dst, count * g.outChannels)
    dst += <usize>count * g.outPixel >> 1
  }
}

/** dx = into + d * activation'(h). */
export function finishInputs(args: usize, group: i32, d: usize): void {
  const g = changetype<Window>(args)
  const block = blockOf(g.inChannels)
  const end = firstPixel(g, group + 1, g.inPixels)
  for (let row = firstPixel(g, group, g.inPixels); row < end; row += block) {
    const count = min(block, end - row)
    const offset = <usize>row * g.inPixel
    epilogueRows(
      g.activation, d, g.x + offset, g.dx + offset, g.into ? g.into + offset : 0, count, g.inChannels, g.scale, g.shift,
    )
    d += <usize>count * g.inPixel
  }
}

/** The sums of dx, image by image. */
export function sumInputs(args: usize, group: i32): void {
  const g = changetype<Window>(args)
  for (let image = g.groupStart(group); image < g.groupStart(group + 1); image++) {
    const offset = <usize>image * g.inImage
    rowSums(g.dx + offset, g.x + offset, g.inPixels, g.inChannels, g.mean, g.sums + <usize>image * g.inPixel * 2)
  }
}

/** The moments of y, image by image. */
export function outputMoments(args: usize, group: i32): void {
  const g = changetype<Window>(args)
  for (let image = g.groupStart(group); image < g.groupStart(group + 1); image++)
    rowMoments(g.y + <usize>image * g.outImage, g.outPixels, g.outChannels, g.moments + <usize>image * g.outPixel * 2)
}
