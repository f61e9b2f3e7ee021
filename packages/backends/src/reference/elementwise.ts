import type { BinaryOperation, Kernels, UnaryOperation } from '../kernels.js'
import { broadcastShape, type Shape, stridesOf } from '../shape.js'
import { gather, type ReferenceTensor, type Store, stridedIndices } from './tensor.js'

const unary: Readonly<Record<UnaryOperation, (x: number) => number>> = {
  neg: x => -x,
  exp: Math.exp,
  log: Math.log,
  sqrt: Math.sqrt,
  abs: Math.abs,
  relu: x => Math.max(x, 0),
  sign: x => (x >= 0 ? 1 : -1),
}

const binary: Readonly<Record<BinaryOperation, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  max: Math.max,
  min: Math.min,
  less: (a, b) => (a < b ? 1 : 0),
  lessEqual: (a, b) => (a <= b ? 1 : 0),
  equal: (a, b) => (a === b ? 1 : 0),
}

/** `values` of `shape`, repeated to fill `target`. */
const broadcast = (values: Float64Array, shape: Shape, target: Shape): Float64Array => {
  const strides = stridesOf(shape).map((stride, axis) => (shape[axis] === 1 ? 0 : stride))
  const missing = new Array<number>(target.length - shape.length).fill(0)
  return gather(values, stridedIndices(target, [...missing, ...strides]))
}

type Elementwise = Pick<Kernels<ReferenceTensor>, 'unary' | 'binary' | 'linearCombination' | 'accumulate'>

export const elementwise = ({ make, values, free }: Store): Elementwise => ({
  unary: (operation, x) => make(values(x).map(unary[operation]), x.shape),
  binary: (operation, a, b) => {
    const shape = broadcastShape(operation, a.shape, b.shape)
    const right = broadcast(values(b), b.shape, shape)
    return make(
      broadcast(values(a), a.shape, shape).map((v, i) => binary[operation](v, right[i]!)),
      shape,
    )
  },
  linearCombination: (a, x, b, y) => {
    const right = values(y)
    return make(
      values(x).map((v, i) => a * v + b * right[i]!),
      x.shape,
    )
  },
  accumulate: (into, x) => {
    const right = values(x)
    const total = values(into).map((v, i) => v + right[i]!)
    free(into)
    return make(total, x.shape)
  },
})
