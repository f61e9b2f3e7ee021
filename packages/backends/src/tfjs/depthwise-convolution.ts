import type { TensorInfo } from '@tensorflow/tfjs-core'
import type { Geometry } from '../geometry.js'
import type { Kernels } from '../kernels.js'
import type { Composer } from './compose.js'
import { gradients } from './gradients.js'
import type { Operations } from './operations.js'
import type { TfjsTensor } from './tensor.js'
import { activated, dilated, sliding, spans, undilated } from './window.js'

/** Every channel of x with its own filters; `filter` [height, width, channels, filters a channel], dilated. */
export const depthwise = (o: Operations, x: TensorInfo, filter: TensorInfo, g: Geometry): TensorInfo => {
  const { enter, attributes } = sliding(o, g)
  return o.run('DepthwiseConv2dNative', { x: enter(x), filter }, attributes)
}

/** The gradient of x. */
export const depthwiseInput = (o: Operations, dy: TensorInfo, filter: TensorInfo, g: Geometry): TensorInfo => {
  const { leave, attributes, shape } = sliding(o, g)
  return leave(o.run('DepthwiseConv2dNativeBackpropInput', { dy, filter }, { ...attributes, inputShape: [...shape] }))
}

const filterOf = (o: Operations, w: TfjsTensor, g: Geometry): TensorInfo =>
  dilated(o, o.reshape(o.of(w), [...w.shape, 1]), g)

type DepthwiseConvolution = Pick<Kernels<TfjsTensor>, 'depthwiseConv2d' | 'depthwiseConv2dGrad'>

export const depthwiseConvolution = (composer: Composer): DepthwiseConvolution => ({
  depthwiseConv2d: (x, w, g, p) => composer.compose(o => depthwise(o, activated(o, x, p), filterOf(o, w, g), g)),
  depthwiseConv2dGrad: gradients(composer, {
    input: (o, dy, w, g) => depthwiseInput(o, dy, filterOf(o, w, g), g),
    filters: (o, dy, x, g) => {
      const { enter, attributes } = sliding(o, g)
      const filterShape = [...spans(g), g.inChannels, 1]
      const gradient = o.run('DepthwiseConv2dNativeBackpropFilter', { x: enter(x), dy }, { ...attributes, filterShape })
      return o.reshape(undilated(o, gradient, g), [g.kernelHeight, g.kernelWidth, g.inChannels])
    },
  }),
})
