import type { Kernels } from '../kernels.js'
import type { Composer } from './compose.js'
import { gradients } from './gradients.js'
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

type Convolution = Pick<Kernels<TfjsTensor>, 'conv2d' | 'conv2dGrad'>

export const convolution = (composer: Composer): Convolution => ({
  conv2d: (x, w, g, p) =>
    composer.compose(o => {
      const h = activated(o, x, p)
      const same = isSame(g)
      return o.run(
        'Conv2D',
        { x: same ? h : touched(o, h, g), filter: o.of(w) },
        { ...slide(g, same ? 'same' : 'valid'), dilations: [g.dilation, g.dilation] },
      )
    }),
  conv2dGrad: gradients(composer, {
    input: (o, dy, w, g) => {
      const same = isSame(g)
      const gradient = o.run(
        'Conv2DBackpropInput',
        { dy, filter: dilated(o, o.of(w), g) },
        { ...slide(g, same ? 'same' : 'valid'), inputShape: same ? inputShapeOf(g) : [...touchedShape(g)] },
      )
      return same ? gradient : untouched(o, gradient, g)
    },
    filters: (o, dy, x, g) => {
      const same = isSame(g)
      const gradient = o.run(
        'Conv2DBackpropFilter',
        { x: same ? x : touched(o, x, g), dy },
        { ...slide(g, same ? 'same' : 'valid'), filterShape: [...spans(g), g.inChannels, g.outChannels] },
      )
      return undilated(o, gradient, g)
    },
  }),
})
