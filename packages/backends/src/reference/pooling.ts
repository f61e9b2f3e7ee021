import { type Geometry, outputShape } from '../geometry.js'
import type { Kernels } from '../kernels.js'
import { sizeOf } from '../shape.js'
import type { ReferenceTensor, Store } from './tensor.js'
import { forEachTap, giveInputGrad, inputZeros } from './window.js'

/** For every output element the position of its window's first maximum. */
const maxima = (x: Float64Array, g: Geometry): Int32Array => {
  const positions = new Int32Array(sizeOf(outputShape(g))).fill(-1)
  forEachTap(g, (output, _, input) => {
    for (let c = 0; c < g.inChannels; c++) {
      const at = output * g.inChannels + c
      const candidate = input * g.inChannels + c
      const best = x[positions[at]!]
      const greater = best === undefined || x[candidate]! > best || (Number.isNaN(x[candidate]!) && !Number.isNaN(best))
      if (greater) positions[at] = candidate
    }
  })
  return positions
}

/** For every output pixel the number of its window's taps inside the image. */
const counts = (g: Geometry): Float64Array => {
  const taps = new Float64Array(g.batch * g.outHeight * g.outWidth)
  forEachTap(g, output => {
    taps[output]! += 1
  })
  return taps
}

type Pooling = Pick<Kernels<ReferenceTensor>, 'maxPool' | 'maxPoolGrad' | 'avgPool' | 'avgPoolGrad'>

export const pooling = (store: Store): Pooling => ({
  maxPool: (x, g) => {
    const from = store.values(x)
    return store.make(
      Float64Array.from(maxima(from, g), i => from[i]!),
      outputShape(g),
    )
  },
  maxPoolGrad: (dy, x, g, into) => {
    const from = store.values(dy)
    const gradient = inputZeros(g)
    maxima(store.values(x), g).forEach((position, i) => {
      gradient[position]! += from[i]!
    })
    return giveInputGrad(store, gradient, g, into)
  },
  avgPool: (x, g) => {
    const from = store.values(x)
    const taps = counts(g)
    const y = new Float64Array(sizeOf(outputShape(g)))
    forEachTap(g, (output, _, input) => {
      for (let c = 0; c < g.inChannels; c++) y[output * g.inChannels + c]! += from[input * g.inChannels + c]!
    })
    return store.make(
      y.map((sum, i) => sum / taps[Math.floor(i / g.inChannels)]!),
      outputShape(g),
    )
  },
  avgPoolGrad: (dy, g, into) => {
    const from = store.values(dy)
    const taps = counts(g)
    const gradient = inputZeros(g)
    forEachTap(g, (output, _, input) => {
      for (let c = 0; c < g.inChannels; c++)
        gradient[input * g.inChannels + c]! += from[output * g.inChannels + c]! / taps[output]!
    })
    return giveInputGrad(store, gradient, g, into)
  },
})
