import type { Backend } from '../backend.js'
import { checkIs, checkNotScalar } from './check.js'
import { addTo } from './gradient.js'
import type { Recorder } from './recorder.js'
import type { Tensor } from './tensor.js'

export const prelu = <H>({ kernels, record, give, receives }: Recorder<H>): Pick<Backend<Tensor<H>>, 'prelu'> => ({
  prelu: (x, slope) => {
    checkNotScalar('prelu', x.shape)
    checkIs('prelu', 'slope', slope.shape, x.shape.slice(-1))
    return record({
      name: 'prelu',
      handle: kernels.prelu(x.handle, slope.handle),
      shape: x.shape,
      operands: [x, slope],
      backward: dy => {
        const gradients = kernels.preluGrad(dy, x.handle, slope.handle)
        for (const [operand, gradient] of [
          [x, gradients.input],
          [slope, gradients.slope],
        ] as const)
          if (receives(operand)) give(operand, into => addTo(kernels, into, gradient))
          else kernels.free(gradient)
      },
    })
  },
})
