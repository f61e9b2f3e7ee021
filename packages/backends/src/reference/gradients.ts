import type { Geometry } from '../geometry.js'
import type { Kernels, Prologue } from '../kernels.js'
import { normalizing } from './normalization.js'
import type { ReferenceTensor, Store } from './tensor.js'
import { giveInputGrad, slope } from './window.js'

/** The two gradients of a convolution, for a materialized dy. */
interface Gradients {
  /** Of what enters the products, P(x). */
  readonly input: (dy: ReferenceTensor, w: ReferenceTensor, g: Geometry) => Float64Array
  readonly filters: (
    dy: ReferenceTensor,
    x: ReferenceTensor,
    g: Geometry,
    p: Prologue<ReferenceTensor>,
  ) => ReferenceTensor
}

/** Materializes dy if it is not yet, and computes the requested gradients one after the other. */
export const gradients = (store: Store, { input, filters }: Gradients): Kernels<ReferenceTensor>['conv2dGrad'] => {
  const { affineSum, channelSums } = normalizing(store)
  return ({ dy, affine }, w, x, g, p, wanted) => {
    const written =
      affine === undefined
        ? dy
        : affineSum(
            [
              { x: dy, scale: affine.scale },
              { x: affine.x, scale: affine.slope },
            ],
            affine.offset,
          )
    const filterGradient = wanted.filters ? { filters: filters(written, x, g, p) } : {}
    const slopes = slope(store, x, p)
    const inputGradient = wanted.input
      ? {
          input: giveInputGrad(
            store,
            input(written, w, g).map((v, i) => v * slopes[i]!),
            g,
            wanted.input.into,
          ),
        }
      : {}
    if (affine !== undefined) store.free(written)
    if (wanted.input?.mean === undefined || inputGradient.input === undefined)
      return { ...filterGradient, ...inputGradient }
    const { dy: sum, dyx } = channelSums(inputGradient.input, [{ x, mean: wanted.input.mean }])
    return { ...filterGradient, ...inputGradient, sums: { dy: sum, dyx: dyx[0]! } }
  }
}
