import type { Backend } from '../backend.js'
import { checkNotScalar } from './check.js'
import { addTo } from './gradient.js'
import type { Recorder } from './recorder.js'
import type { Tensor } from './tensor.js'

export const scaledSign = <H>({ kernels, record, give }: Recorder<H>): Pick<Backend<Tensor<H>>, 'scaledSign'> => ({
  scaledSign: (x, { group = 'channel', estimator = 'sign' } = {}) => {
    checkNotScalar('scaledSign', x.shape)
    return record({
      name: 'scaledSign',
      handle: kernels.scaledSign(x.handle, group),
      shape: x.shape,
      operands: [x],
      backward: dy => give(x, into => addTo(kernels, into, kernels.scaledSignGrad(dy, x.handle, group, estimator))),
    })
  },
})
