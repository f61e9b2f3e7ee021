import type { Backend } from '../backend.js'
import { checkIs, checkRank } from './check.js'
import { addTo } from './gradient.js'
import type { Recorder } from './recorder.js'
import type { Tensor } from './tensor.js'

export const loss = <H>({ kernels, record, give }: Recorder<H>): Pick<Backend<Tensor<H>>, 'softmaxCrossEntropy'> => ({
  softmaxCrossEntropy: (logits, labels) => {
    checkRank('softmaxCrossEntropy', logits.shape, 2)
    checkIs('softmaxCrossEntropy', 'labels', labels.shape, logits.shape.slice(0, 1))
    return record({
      name: 'softmaxCrossEntropy',
      handle: kernels.softmaxCrossEntropy(logits.handle, labels.handle),
      shape: [],
      operands: [logits, labels],
      backward: dy =>
        give(logits, into => addTo(kernels, into, kernels.softmaxCrossEntropyGrad(dy, logits.handle, labels.handle))),
    })
  },
})
