import type { Geometry } from '@cpnas/backends'
import type { Window } from '@cpnas/packed'
import { refuseOperation } from '../refusal.js'

/** The window of a convolution or a pooling, which is square, centred but for the shift, and as large a map / stride, rounded up. */
export const windowOf = (g: Geometry): Window => {
  const { kernelHeight: size, kernelWidth, stride, dilation, padTop, padLeft } = g
  const shift = (dilation * (size - 1)) / 2 - padTop
  const fits =
    size % 2 === 1 &&
    kernelWidth === size &&
    padLeft === padTop &&
    g.outHeight === Math.ceil(g.inHeight / stride) &&
    g.outWidth === Math.ceil(g.inWidth / stride)
  return fits && (shift === 0 || shift === 1)
    ? { size, stride, dilation, shift }
    : refuseOperation('a window with a padding of its own')
}
