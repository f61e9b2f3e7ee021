import type { TensorInfo } from '@tensorflow/tfjs-core'
import { type Shape, sizeOf } from '../shape.js'
import type { Runtime } from './runtime.js'
import type { TfjsTensor } from './tensor.js'

type Arithmetic = 'Add' | 'Sub' | 'Multiply' | 'RealDiv' | 'Maximum' | 'Minimum'
type Comparison = 'Less' | 'LessEqual' | 'Greater' | 'GreaterEqual' | 'Equal'

/** TensorFlow.js's kernels as functions within one `compose`, which frees what they return at its end. */
export interface Operations {
  readonly run: Runtime['run']
  of(x: TfjsTensor): TensorInfo
  constant(values: ArrayLike<number>, shape: Shape): TensorInfo
  scalar(value: number): TensorInfo
  full(value: number, shape: Shape): TensorInfo
  /** Arithmetic broadcasts by NumPy's rule. */
  binary(kernel: Arithmetic, a: TensorInfo, b: TensorInfo): TensorInfo
  add(a: TensorInfo, b: TensorInfo): TensorInfo
  sub(a: TensorInfo, b: TensorInfo): TensorInfo
  mul(a: TensorInfo, b: TensorInfo): TensorInfo
  div(a: TensorInfo, b: TensorInfo): TensorInfo
  unary(kernel: string, x: TensorInfo): TensorInfo
  /** A truth value for every element. */
  compare(kernel: Comparison, a: TensorInfo, b: TensorInfo): TensorInfo
  /** Where `truth`, a, elsewhere b; all of one shape. */
  select(truth: TensorInfo, a: TensorInfo, b: TensorInfo): TensorInfo
  /** Truth values as 1 and 0. */
  indicator(truth: TensorInfo): TensorInfo
  reshape(x: TensorInfo, shape: Shape): TensorInfo
  sum(x: TensorInfo, axes: readonly number[], keepDims?: boolean): TensorInfo
  /** The extreme along the last axis, which stays as 1. */
  extreme(kernel: 'Max' | 'Min', x: TensorInfo): TensorInfo
  slice(x: TensorInfo, begin: readonly number[], size: readonly number[]): TensorInfo
  /** Every `step`th element, `size` of them, from `begin` on. */
  stridedSlice(x: TensorInfo, begin: readonly number[], size: readonly number[], step: readonly number[]): TensorInfo
  pad(x: TensorInfo, before: readonly number[], after: readonly number[], value?: number): TensorInfo
  concat(xs: readonly TensorInfo[], axis: number): TensorInfo
  transpose(x: TensorInfo, permutation: readonly number[]): TensorInfo
  matMul(a: TensorInfo, b: TensorInfo, transposeA: boolean, transposeB: boolean): TensorInfo
}

interface Given {
  readonly run: Runtime['run']
  readonly upload: (values: Float32Array, shape: Shape) => TensorInfo
  readonly dense: (x: TfjsTensor) => TensorInfo
  readonly deterministicMatMul: boolean
}

/** The rank up to which the kernels of all engines are right. */
const MAX_RANK = 4

/** From this many products a sum on, tfjs-webgpu may split it and add the parts in any order. */
const SPLIT_SUM = 2000

export const operations = ({ run, upload, dense, deterministicMatMul }: Given): Operations => {
  const binary: Operations['binary'] = (kernel, a, b) => run(kernel, { a, b })
  const scalar = (value: number): TensorInfo => upload(Float32Array.of(value), [])
  const reshape: Operations['reshape'] = (x, shape) => run('Reshape', { x }, { shape: [...shape] })
  const full: Operations['full'] = (value, shape) => run('Fill', {}, { shape: [...shape], value, dtype: 'float32' })
  const sum: Operations['sum'] = (x, axes, keepDims = false) => run('Sum', { x }, { axis: [...axes], keepDims })
  const mul: Operations['mul'] = (a, b) => binary('Multiply', a, b)

  const pad: Operations['pad'] = (x, before, after, value = 0) => {
    const paddings = before.map((count, axis) => [count, after[axis]!])
    if (x.shape.length <= MAX_RANK) return run('PadV2', { x }, { paddings, constantValue: value })
    return paddings.reduce((padded, [first, last], axis) => {
      if (first === 0 && last === 0) return padded
      const size = padded.shape[axis]!
      const inner = sizeOf(padded.shape.slice(axis + 1))
      const flat = reshape(padded, [sizeOf(padded.shape) / size / inner, size, inner])
      return reshape(
        run(
          'PadV2',
          { x: flat },
          {
            paddings: [
              [0, 0],
              [first!, last!],
              [0, 0],
            ],
            constantValue: value,
          },
        ),
        padded.shape.with(axis, first! + size + last!),
      )
    }, x)
  }

  const select: Operations['select'] = (truth, a, b) => {
    if (a.shape.length > 0 && a.shape.length <= MAX_RANK) return run('Select', { condition: truth, t: a, e: b })
    const flat = [sizeOf(a.shape)]
    return reshape(
      run('Select', { condition: reshape(truth, flat), t: reshape(a, flat), e: reshape(b, flat) }),
      a.shape,
    )
  }

  const product = (a: TensorInfo, b: TensorInfo, transposeA: boolean, transposeB: boolean): TensorInfo =>
    run('BatchMatMul', { a, b }, { transposeA, transposeB })

  /** A long sum as two products added: a batch of them is never split. */
  const matMul: Operations['matMul'] = (a, b, transposeA, transposeB) => {
    const inner = a.shape[transposeA ? 0 : 1]!
    if (deterministicMatMul || inner < SPLIT_SUM) return product(a, b, transposeA, transposeB)
    const half = Math.ceil(inner / 2)
    const halves = (x: TensorInfo, axis: number): TensorInfo => {
      const even = inner % 2 === 0 ? x : pad(x, [0, 0], axis === 0 ? [1, 0] : [0, 1])
      if (axis === 0) return reshape(even, [2, half, x.shape[1]!])
      return run('Transpose', { x: reshape(even, [x.shape[0]!, 2, half]) }, { perm: [1, 0, 2] })
    }
    return sum(product(halves(a, transposeA ? 0 : 1), halves(b, transposeB ? 1 : 0), transposeA, transposeB), [0])
  }

  return {
    run,
    of: dense,
    constant: (values, shape) => upload(Float32Array.from(values), shape),
    scalar,
    full,
    binary,
    add: (a, b) => binary('Add', a, b),
    sub: (a, b) => binary('Sub', a, b),
    mul,
    div: (a, b) => binary('RealDiv', a, b),
    unary: (kernel, x) => run(kernel, { x }),
    compare: (kernel, a, b) => run(kernel, { a, b }),
    select,
    // The cast alone may leave integers in the buffer.
    indicator: truth => mul(run('Cast', { x: truth }, { dtype: 'float32' }), scalar(1)),
    reshape,
    sum,
    extreme: (kernel, x) => {
      const axes = [x.shape.length - 1]
      return run(kernel, { x }, { [kernel === 'Max' ? 'reductionIndices' : 'axis']: axes, keepDims: true })
    },
    slice: (x, begin, size) => run('Slice', { x }, { begin: [...begin], size: [...size] }),
    stridedSlice: (x, begin, size, step) =>
      step.every(distance => distance === 1)
        ? run('Slice', { x }, { begin: [...begin], size: [...size] })
        : run(
            'StridedSlice',
            { x },
            {
              begin: [...begin],
              end: begin.map((first, axis) => first + (size[axis]! - 1) * step[axis]! + 1),
              strides: [...step],
              beginMask: 0,
              endMask: 0,
              ellipsisMask: 0,
              newAxisMask: 0,
              shrinkAxisMask: 0,
            },
          ),
    pad,
    // The kernel expects the list itself as its inputs.
    concat: (xs, axis) => run('Concat', xs as unknown as Parameters<Runtime['run']>[1], { axis }),
    transpose: (x, permutation) => run('Transpose', { x }, { perm: [...permutation] }),
    matMul,
  }
}
