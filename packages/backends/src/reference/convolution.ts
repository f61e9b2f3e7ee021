import { outputShape } from '../geometry.js'
import type { Kernels } from '../kernels.js'
import { sizeOf } from '../shape.js'
import { gradients } from './gradients.js'
import type { ReferenceTensor, Store } from './tensor.js'
import { activated, forEachTap, inputZeros } from './window.js'

type Convolution = Pick<Kernels<ReferenceTensor>, 'conv2d' | 'conv2dGrad'>

export const convolution = (store: Store): Convolution => ({
  conv2d: (x, w, g, p) => {
    const h = activated(store, x, p)
    const filters = store.values(w)
    const y = new Float64Array(sizeOf(outputShape(g)))
    forEachTap(g, (output, tap, input) => {
      for (let i = 0; i < g.inChannels; i++)
        for (let o = 0; o < g.outChannels; o++)
          y[output * g.outChannels + o]! +=
            h[input * g.inChannels + i]! * filters[(tap * g.inChannels + i) * g.outChannels + o]!
    })
    return store.make(y, outputShape(g))
  },
  conv2dGrad: gradients(store, {
    input: (dy, w, g) => {
      const from = store.values(dy)
      const filters = store.values(w)
      const gradient = inputZeros(g)
      forEachTap(g, (output, tap, input) => {
        for (let i = 0; i < g.inChannels; i++)
          for (let o = 0; o < g.outChannels; o++)
            gradient[input * g.inChannels + i]! +=
              from[output * g.outChannels + o]! * filters[(tap * g.inChannels + i) * g.outChannels + o]!
      })
      return gradient
    },
    filters: (dy, x, g, p) => {
      const from = store.values(dy)
      const h = activated(store, x, p)
      const shape = [g.kernelHeight, g.kernelWidth, g.inChannels, g.outChannels]
      const gradient = new Float64Array(sizeOf(shape))
      forEachTap(g, (output, tap, input) => {
        for (let i = 0; i < g.inChannels; i++)
          for (let o = 0; o < g.outChannels; o++)
            gradient[(tap * g.inChannels + i) * g.outChannels + o]! +=
              h[input * g.inChannels + i]! * from[output * g.outChannels + o]!
      })
      return store.make(gradient, shape)
    },
  }),
})
