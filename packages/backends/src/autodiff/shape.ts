import type { Backend } from '../backend.js'
import { ShapeError } from '../errors.js'
import { formatShape, sizeOf } from '../shape.js'
import { checkAxes, checkCounts, checkNotScalar, checkRank, checkShape } from './check.js'
import { addTo } from './gradient.js'
import type { Recorder } from './recorder.js'
import type { Tensor } from './tensor.js'

type Reshaping<H> = Pick<Backend<Tensor<H>>, 'reshape' | 'transpose' | 'slice' | 'pad' | 'concat' | 'matMul'>

export const reshaping = <H>({ kernels, record, give }: Recorder<H>): Reshaping<H> => ({
  reshape: (x, shape) => {
    checkShape('reshape', shape)
    if (sizeOf(shape) !== sizeOf(x.shape))
      throw new ShapeError(`reshape: ${formatShape(x.shape)} and ${formatShape(shape)} differ in size`)
    return record({
      name: 'reshape',
      handle: kernels.reshape(x.handle, shape),
      shape,
      operands: [x],
      backward: dy => give(x, into => addTo(kernels, into, kernels.reshape(dy, x.shape))),
    })
  },
  transpose: (x, permutation) => {
    checkAxes('transpose', x.shape, permutation)
    if (permutation.length !== x.shape.length)
      throw new ShapeError(`transpose: [${permutation.join(', ')}] does not name every axis of ${formatShape(x.shape)}`)
    const inverse = permutation.map((_, axis) => permutation.indexOf(axis))
    return record({
      name: 'transpose',
      handle: kernels.transpose(x.handle, permutation),
      shape: permutation.map(axis => x.shape[axis]!),
      operands: [x],
      backward: dy => give(x, into => addTo(kernels, into, kernels.transpose(dy, inverse))),
    })
  },
  slice: (x, begin, size) => {
    checkCounts('slice', 'begin', x.shape, begin)
    checkCounts('slice', 'size', x.shape, size)
    const after = x.shape.map((whole, axis) => whole - begin[axis]! - size[axis]!)
    if (after.some(n => n < 0) || size.some(n => n === 0))
      throw new ShapeError(
        `slice: ${formatShape(size)} from [${begin.join(', ')}] on does not lie in ${formatShape(x.shape)}`,
      )
    return record({
      name: 'slice',
      handle: kernels.slice(x.handle, begin, size),
      shape: size,
      operands: [x],
      backward: dy => give(x, into => addTo(kernels, into, kernels.pad(dy, begin, after))),
    })
  },
  pad: (x, before, after) => {
    checkCounts('pad', 'before', x.shape, before)
    checkCounts('pad', 'after', x.shape, after)
    return record({
      name: 'pad',
      handle: kernels.pad(x.handle, before, after),
      shape: x.shape.map((size, axis) => before[axis]! + size + after[axis]!),
      operands: [x],
      backward: dy => give(x, into => addTo(kernels, into, kernels.slice(dy, before, x.shape))),
    })
  },
  concat: (xs, axis) => {
    const first = xs[0]
    if (first === undefined) throw new ShapeError('concat: there must be at least one operand')
    checkNotScalar('concat', first.shape)
    checkAxes('concat', first.shape, [axis])
    for (const { shape } of xs)
      if (shape.length !== first.shape.length || shape.some((size, i) => i !== axis && size !== first.shape[i]))
        throw new ShapeError(
          `concat: ${xs.map(x => formatShape(x.shape)).join(', ')} must agree on every axis but ${axis}`,
        )
    return record({
      name: 'concat',
      handle: kernels.concat(
        xs.map(x => x.handle),
        axis,
      ),
      shape: first.shape.with(
        axis,
        xs.reduce((sum, x) => sum + x.shape[axis]!, 0),
      ),
      operands: xs,
      backward: dy => {
        let offset = 0
        for (const x of xs) {
          const begin = x.shape.map((_, i) => (i === axis ? offset : 0))
          give(x, into => addTo(kernels, into, kernels.slice(dy, begin, x.shape)))
          offset += x.shape[axis]!
        }
      },
    })
  },
  matMul: (a, b) => {
    checkRank('matMul', a.shape, 2)
    checkRank('matMul', b.shape, 2)
    if (a.shape[1] !== b.shape[0])
      throw new ShapeError(`matMul: ${formatShape(a.shape)} times ${formatShape(b.shape)}: the inner sizes differ`)
    return record({
      name: 'matMul',
      handle: kernels.matMul(a.handle, b.handle, false, false),
      shape: [a.shape[0]!, b.shape[1]!],
      operands: [a, b],
      backward: dy => {
        give(a, into => addTo(kernels, into, kernels.matMul(dy, b.handle, false, true)))
        give(b, into => addTo(kernels, into, kernels.matMul(a.handle, dy, true, false)))
      },
    })
  },
})
