import { Window } from './geometry'
import { gradientRows } from './rows'
import { copy } from './vector'

/** Gradient of the output pixels [first, first + count) of an image, written out at dst. */
export function writeGradient(g: Window, image: i32, first: i32, count: i32, dst: usize): void {
  const offset = <usize>image * g.outImage + <usize>first * g.outPixel
  if (g.dyScale) gradientRows(g.dy + offset, g.dyX + offset, dst, count, g.outChannels, g.dyScale, g.dySlope, g.dyShift)
  else copy(g.dy + offset, dst, count * g.outChannels)
}

/** As writeGradient, without the copy where the gradient lies in memory as it is. */
@inline
export function gradientAt(g: Window, image: i32, first: i32, count: i32, scratch: usize): usize {
  if (!g.dyScale) return g.dy + <usize>image * g.outImage + <usize>first * g.outPixel
  writeGradient(g, image, first, count, scratch)
  return scratch
}
