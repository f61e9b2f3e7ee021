import type { TensorInfo } from '@tensorflow/tfjs-core'
import type { Kernels } from '../kernels.js'
import type { Composer } from './compose.js'
import type { Operations } from './operations.js'
import type { TfjsTensor } from './tensor.js'

/** log softmax of every row, by the shifted formula that cannot overflow. */
const logSoftmax = (o: Operations, logits: TensorInfo): TensorInfo => {
  const shifted = o.sub(logits, o.extreme('Max', logits))
  return o.sub(shifted, o.unary('Log', o.sum(o.unary('Exp', shifted), [1], true)))
}

/** For every row and class whether it is the row's label. */
const isLabel = (o: Operations, labels: TensorInfo, classes: number): TensorInfo =>
  o.compare(
    'Equal',
    o.reshape(labels, [labels.shape[0]!, 1]),
    o.constant(
      Array.from({ length: classes }, (_, c) => c),
      [1, classes],
    ),
  )

type Loss = Pick<Kernels<TfjsTensor>, 'softmaxCrossEntropy' | 'softmaxCrossEntropyGrad'>

export const loss = ({ compose }: Composer): Loss => ({
  softmaxCrossEntropy: (logits, labels) =>
    compose(o => {
      const [rows, classes] = logits.shape as [number, number]
      const logProbabilities = logSoftmax(o, o.of(logits))
      // Not a product with 1 and 0: the log of a probability of 0 is -Infinity.
      const chosen = o.select(isLabel(o, o.of(labels), classes), logProbabilities, o.full(0, logits.shape))
      return o.div(o.sum(chosen, [0, 1]), o.scalar(-rows))
    }),
  softmaxCrossEntropyGrad: (dy, logits, labels) =>
    compose(o => {
      const [rows, classes] = logits.shape as [number, number]
      const probabilities = o.unary('Exp', logSoftmax(o, o.of(logits)))
      const difference = o.sub(probabilities, o.indicator(isLabel(o, o.of(labels), classes)))
      return o.mul(difference, o.div(o.of(dy), o.scalar(rows)))
    }),
})
