import type { TensorInfo } from '@tensorflow/tfjs-core'
import type { Geometry } from '../geometry.js'
import type { Kernels } from '../kernels.js'
import type { Composer } from './compose.js'
import { gradients } from './gradients.js'
import type { Operations } from './operations.js'
import type { TfjsTensor } from './tensor.js'
import {
  activated,
  dilated,
  inputShapeOf,
  isSame,
  slide,
  spans,
  touched,
  touchedShape,
  undilated,
  untouched,
} from './window.js'

/** Every channel of x with its own filters; `filter` [height, width, channels, filters a channel], dilated. */
export const depthwise = (o: Operations, x: TensorInfo, filter: TensorInfo, g: Geometry): TensorInfo => {
  const same = isSame(g)
  return o.run('DepthwiseConv2dNative', { x: same ? x : touched(o, x, g), filter }, slide(g, same ? 'same' : 'valid'))
}

/** The gradient of x. */
export const depthwiseInput = (o: Operations, dy: TensorInfo, filter: TensorInfo, g: Geometry): TensorInfo => {
  const same = isSame(g)
  const gradient = o.run(
    'DepthwiseConv2dNativeBackpropInput',
    { dy, filter },
    { ...slide(g, same ? 'same' : 'valid'), inputShape: same ? inputShapeOf(g) : [...touchedShape(g)] },
  )
  return same ? gradient : untouched(o, gradient, g)
}

const filterOf = (o: Operations, w: TfjsTensor, g: Geometry): TensorInfo =>
  dilated(o, o.reshape(o.of(w), [...w.shape, 1]), g)

type DepthwiseConvolution = Pick<Kernels<TfjsTensor>, 'depthwiseConv2d' | 'depthwiseConv2dGrad'>

export const depthwiseConvolution = (composer: Composer): DepthwiseConvolution => ({
  depthwiseConv2d: (x, w, g, p) => composer.compose(o => depthwise(o, activated(o, x, p), filterOf(o, w, g), g)),
  depthwiseConv2dGrad: gradients(composer, {
    input: (o, dy, w, g) => depthwiseInput(o, dy, filterOf(o, w, g), g),
    filters: (o, dy, x, g) => {
      const same = isSame(g)
      const gradient = o.run(
        'DepthwiseConv2dNativeBackpropFilter',
        { x: same ? x : touched(o, x, g), dy },
        { ...slide(g, same ? 'same' : 'valid'), filterShape: [...spans(g), g.inChannels, 1] },
      )
      return o.reshape(undilated(o, gradient, g), [g.kernelHeight, g.kernelWidth, g.inChannels])
    },
  }),
})
