import type { Kernels } from '../kernels.js'
import type { Composer } from './compose.js'
import { gradients } from './gradients.js'
import type { TfjsTensor } from './tensor.js'
import { activated, dilated, sliding, spans, undilated } from './window.js'

type Convolution = Pick<Kernels<TfjsTensor>, 'conv2d' | 'conv2dGrad'>

export const convolution = (composer: Composer): Convolution => ({
  conv2d: (x, w, g, p) =>
    composer.compose(o => {
      const { enter, attributes } = sliding(o, g)
      const dilations = [g.dilation, g.dilation]
      return o.run('Conv2D', { x: enter(activated(o, x, p)), filter: o.of(w) }, { ...attributes, dilations })
    }),
  conv2dGrad: gradients(composer, {
    input: (o, dy, w, g) => {
      const { leave, attributes, shape } = sliding(o, g)
      const filter = dilated(o, o.of(w), g)
      return leave(o.run('Conv2DBackpropInput', { dy, filter }, { ...attributes, inputShape: [...shape] }))
    },
    filters: (o, dy, x, g) => {
      const { enter, attributes } = sliding(o, g)
      const filterShape = [...spans(g), g.inChannels, g.outChannels]
      return undilated(o, o.run('Conv2DBackpropFilter', { x: enter(x), dy }, { ...attributes, filterShape }), g)
    },
  }),
})
