import { outputShape } from '../geometry.js'
import type { Kernels } from '../kernels.js'
import { sizeOf } from '../shape.js'
import { gradients } from './gradients.js'
import type { ReferenceTensor, Store } from './tensor.js'
import { activated, forEachTap, inputZeros } from './window.js'

type DepthwiseConvolution = Pick<Kernels<ReferenceTensor>, 'depthwiseConv2d' | 'depthwiseConv2dGrad'>

export const depthwiseConvolution = (store: Store): DepthwiseConvolution => ({
  depthwiseConv2d: (x, w, g, p) => {
    const channels = g.inChannels
    const h = activated(store, x, p)
    const filters = store.values(w)
    const y = new Float64Array(sizeOf(outputShape(g)))
    forEachTap(g, (output, tap, input) => {
      for (let c = 0; c < channels; c++)
        y[output * channels + c]! += h[input * channels + c]! * filters[tap * channels + c]!
    })
    return store.make(y, outputShape(g))
  },
  depthwiseConv2dGrad: gradients(store, {
    input: (dy, w, g) => {
      const channels = g.inChannels
      const from = store.values(dy)
      const filters = store.values(w)
      const gradient = inputZeros(g)
      forEachTap(g, (output, tap, input) => {
        for (let c = 0; c < channels; c++)
          gradient[input * channels + c]! += from[output * channels + c]! * filters[tap * channels + c]!
      })
      return gradient
    },
    filters: (dy, x, g, p) => {
      const channels = g.inChannels
      const from = store.values(dy)
      const h = activated(store, x, p)
      const shape = [g.kernelHeight, g.kernelWidth, channels]
      const gradient = new Float64Array(sizeOf(shape))
      forEachTap(g, (output, tap, input) => {
        for (let c = 0; c < channels; c++)
          gradient[tap * channels + c]! += h[input * channels + c]! * from[output * channels + c]!
      })
      return store.make(gradient, shape)
    },
  }),
})
