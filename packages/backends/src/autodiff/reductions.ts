import type { Backend } from '../backend.js'
import { checkAxes, checkNotScalar } from './check.js'
import { scaled, temporaries } from './gradient.js'
import type { Recorder } from './recorder.js'
import type { Tensor } from './tensor.js'

export const reductions = <H>({
  kernels,
  record,
  give,
  untracked,
}: Recorder<H>): Pick<Backend<Tensor<H>>, 'sum' | 'mean' | 'argMax'> => {
  /** The sum over `axes` times what `factor` makes of the number of elements in a sum. */
  const reduce = (
    name: string,
    x: Tensor<H>,
    axes: readonly number[],
    factor: (count: number) => number,
  ): Tensor<H> => {
    checkAxes(name, x.shape, axes)
    const isReduced = x.shape.map((_, axis) => axes.includes(axis))
    const kept = x.shape.map((size, axis) => (isReduced[axis] ? 1 : size))
    const repeated = x.shape.map((size, axis) => (isReduced[axis] ? size : 1))
    const weight = factor(repeated.reduce((a, b) => a * b, 1))
    const sum = kernels.sum(x.handle, axes)
    const handle = weight === 1 ? sum : scaled(kernels, sum, weight)
    if (handle !== sum) kernels.free(sum)
    return record({
      name,
      handle,
      shape: x.shape.filter((_, axis) => !isReduced[axis]),
      operands: [x],
      backward: dy =>
        give(x, into => {
          const { keep, free } = temporaries(kernels)
          const shaped = keep(kernels.reshape(dy, kept))
          const share = weight === 1 ? shaped : keep(scaled(kernels, shaped, weight))
          const gradient = kernels.binary('add', keep(into ?? kernels.fill(0, repeated)), share)
          free()
          return gradient
        }),
    })
  }

  const every = (x: Tensor<H>): readonly number[] => x.shape.map((_, axis) => axis)

  return {
    sum: (x, axes = every(x)) => reduce('sum', x, axes, () => 1),
    mean: (x, axes = every(x)) => reduce('mean', x, axes, count => 1 / count),
    argMax: x => {
      checkNotScalar('argMax', x.shape)
      return untracked(kernels.argMax(x.handle), x.shape.slice(0, -1))
    },
  }
}
