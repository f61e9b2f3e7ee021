import type { Kernels } from '../kernels.js'
import { type Shape, sizeOf, stridesOf } from '../shape.js'
import { gather, type ReferenceTensor, type Store, stridedIndices } from './tensor.js'

/** Writes `values` of `shape` into `target` (of `targetShape`) from the position `begin` on. */
const place = (
  target: Float64Array,
  targetShape: Shape,
  values: Float64Array,
  shape: Shape,
  begin: readonly number[],
) => {
  const strides = stridesOf(targetShape)
  const offset = strides.reduce((sum, stride, axis) => sum + stride * begin[axis]!, 0)
  stridedIndices(shape, strides, offset).forEach((position, i) => {
    target[position] = values[i]!
  })
}

type Reshaping = Pick<Kernels<ReferenceTensor>, 'reshape' | 'transpose' | 'slice' | 'pad' | 'concat' | 'matMul'>

export const reshaping = ({ make, alias, values }: Store): Reshaping => ({
  reshape: alias,
  transpose: (x, permutation) => {
    const shape = permutation.map(axis => x.shape[axis]!)
    const strides = stridesOf(x.shape)
    const permuted = permutation.map(axis => strides[axis]!)
    return make(gather(values(x), stridedIndices(shape, permuted)), shape)
  },
  slice: (x, begin, size) => {
    const strides = stridesOf(x.shape)
    const offset = strides.reduce((sum, stride, axis) => sum + stride * begin[axis]!, 0)
    return make(gather(values(x), stridedIndices(size, strides, offset)), size)
  },
  pad: (x, before, after) => {
    const shape = x.shape.map((size, axis) => before[axis]! + size + after[axis]!)
    const padded = new Float64Array(sizeOf(shape))
    place(padded, shape, values(x), x.shape, before)
    return make(padded, shape)
  },
  concat: (xs, axis) => {
    const joined = xs.reduce((sum, x) => sum + x.shape[axis]!, 0)
    const shape = xs[0]!.shape.with(axis, joined)
    const whole = new Float64Array(sizeOf(shape))
    let begin = 0
    for (const x of xs) {
      place(
        whole,
        shape,
        values(x),
        x.shape,
        shape.map((_, i) => (i === axis ? begin : 0)),
      )
      begin += x.shape[axis]!
    }
    return make(whole, shape)
  },
  matMul: (a, b, transposeA, transposeB) => {
    const [m, inner] = (transposeA ? a.shape.toReversed() : a.shape) as [number, number]
    const n = b.shape[transposeB ? 0 : 1]!
    const left = values(a)
    const right = values(b)
    const product = new Float64Array(m * n)
    for (let i = 0; i < m; i++)
      for (let j = 0; j < n; j++)
        for (let l = 0; l < inner; l++)
          product[i * n + j]! +=
            left[transposeA ? l * m + i : i * inner + l]! * right[transposeB ? j * inner + l : l * n + j]!
    return make(product, [m, n])
  },
})
