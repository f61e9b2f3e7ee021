import type { Kernels } from '../kernels.js'
import { lastAxis, type ReferenceTensor, type Store } from './tensor.js'

/** log softmax of one row, by the shifted formula that cannot overflow. */
const logSoftmax = (row: Float64Array): Float64Array => {
  const greatest = row.reduce((a, b) => Math.max(a, b))
  const logSum = Math.log(row.reduce((sum, v) => sum + Math.exp(v - greatest), 0))
  return row.map(v => v - greatest - logSum)
}

type Loss = Pick<Kernels<ReferenceTensor>, 'softmaxCrossEntropy' | 'softmaxCrossEntropyGrad'>

export const loss = ({ make, values }: Store): Loss => ({
  softmaxCrossEntropy: (logits, labels) => {
    const from = values(logits)
    const classes = lastAxis(logits.shape)
    const rows = values(labels)
    const total = rows.reduce(
      (sum, label, n) => sum - logSoftmax(from.subarray(n * classes, (n + 1) * classes))[label]!,
      0,
    )
    return make(Float64Array.of(total / rows.length), [])
  },
  softmaxCrossEntropyGrad: (dy, logits, labels) => {
    const from = values(logits)
    const classes = lastAxis(logits.shape)
    const rows = values(labels)
    const upstream = values(dy)[0]! / rows.length
    const gradient = new Float64Array(from.length)
    rows.forEach((label, n) => {
      logSoftmax(from.subarray(n * classes, (n + 1) * classes)).forEach((logProbability, c) => {
        gradient[n * classes + c] = (Math.exp(logProbability) - (c === label ? 1 : 0)) * upstream
      })
    })
    return make(gradient, logits.shape)
  },
})
