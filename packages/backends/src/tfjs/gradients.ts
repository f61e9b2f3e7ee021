import type { TensorInfo } from '@tensorflow/tfjs-core'
import type { Geometry } from '../geometry.js'
import type { Gradient, Kernels } from '../kernels.js'
import type { Composer } from './compose.js'
import { affine, dotChannels, overRows } from './normalization.js'
import type { Operations } from './operations.js'
import type { TfjsTensor } from './tensor.js'
import { activated, argument, slope } from './window.js'

/** The two gradients of a convolution, for a materialized dy. */
interface Gradients {
  /** Of what enters the products, P(x). */
  readonly input: (o: Operations, dy: TensorInfo, w: TfjsTensor, g: Geometry) => TensorInfo
  /** `x` is P(x). */
  readonly filters: (o: Operations, dy: TensorInfo, x: TensorInfo, g: Geometry) => TensorInfo
}

const written = (o: Operations, { dy, affine: through }: Gradient<TfjsTensor>): TensorInfo =>
  through === undefined
    ? o.of(dy)
    : affine(
        o,
        [
          { x: dy, scale: through.scale },
          { x: through.x, scale: through.slope },
        ],
        through.offset,
      )

export const gradients =
  ({ composeAll, store }: Composer, { input, filters }: Gradients): Kernels<TfjsTensor>['conv2dGrad'] =>
  (dy, w, x, g, p, wanted) => {
    const made: Readonly<Record<string, TfjsTensor>> = composeAll<string>(o => {
      const from = written(o, dy)
      const results: Record<string, TensorInfo> = {}
      if (wanted.filters) results.filters = filters(o, from, activated(o, x, p), g)
      if (wanted.input) {
        const { into, mean } = wanted.input
        const entering = input(o, from, w, g)
        const steepness = slope(o, p.activation, argument(o, x, p))
        const gradient = steepness === undefined ? entering : o.mul(entering, steepness)
        const total = into === undefined ? gradient : o.add(gradient, o.of(into))
        results.input = total
        if (mean !== undefined) {
          results.dy = overRows(o, total)
          results.dyx = dotChannels(o, total, o.of(x), o.of(mean))
        }
      }
      return results
    })
    if (wanted.input?.into !== undefined) store.free(wanted.input.into)
    const { input: inputGradient, filters: filterGradient, dy: sum, dyx } = made
    return {
      ...(inputGradient && { input: inputGradient }),
      ...(filterGradient && { filters: filterGradient }),
      ...(sum && dyx && { sums: { dy: sum, dyx } }),
    }
  }
