import type { Kernels } from '../kernels.js'
import { stridesOf } from '../shape.js'
import { lastAxis, type ReferenceTensor, type Store, stridedIndices } from './tensor.js'

export const reductions = ({ make, values }: Store): Pick<Kernels<ReferenceTensor>, 'sum' | 'argMax'> => ({
  sum: (x, axes = x.shape.map((_, axis) => axis)) => {
    const kept = x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size))
    const strides = stridesOf(kept).map((stride, axis) => (axes.includes(axis) ? 0 : stride))
    const shape = x.shape.filter((_, axis) => !axes.includes(axis))
    const total = new Float64Array(shape.reduce((a, b) => a * b, 1))
    const targets = stridedIndices(x.shape, strides)
    values(x).forEach((v, i) => {
      total[targets[i]!]! += v
    })
    return make(total, shape)
  },
  argMax: x => {
    const from = values(x)
    const width = lastAxis(x.shape)
    const indices = Float64Array.from({ length: from.length / width }, (_, row) => {
      let best = 0
      for (let i = 1; i < width; i++) if (from[row * width + i]! > from[row * width + best]!) best = i
      return best
    })
    return make(indices, x.shape.slice(0, -1))
  },
})
