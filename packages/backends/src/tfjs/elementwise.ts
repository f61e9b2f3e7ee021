import type { TensorInfo } from '@tensorflow/tfjs-core'
import type { BinaryOperation, Kernels, UnaryOperation } from '../kernels.js'
import type { Composer } from './compose.js'
import type { Operations } from './operations.js'
import type { TfjsTensor } from './tensor.js'

/** Maximum passes NaN on every engine, TensorFlow's Relu does not. */
export const relu = (o: Operations, x: TensorInfo): TensorInfo => o.binary('Maximum', x, o.scalar(0))

/** +1 where x >= 0, else -1, NaN included; TensorFlow.js's own sign has 0 at 0. */
export const sign = (o: Operations, x: TensorInfo): TensorInfo => {
  const positive = o.run('Cast', { x: o.compare('GreaterEqual', x, o.scalar(0)) }, { dtype: 'float32' })
  return o.sub(o.mul(positive, o.scalar(2)), o.scalar(1))
}

const plain: Readonly<Record<Exclude<UnaryOperation, 'relu' | 'sign'>, string>> = {
  neg: 'Neg',
  exp: 'Exp',
  log: 'Log',
  sqrt: 'Sqrt',
  abs: 'Abs',
}

const arithmetic = {
  add: 'Add',
  sub: 'Sub',
  mul: 'Multiply',
  div: 'RealDiv',
  max: 'Maximum',
  min: 'Minimum',
} as const satisfies Partial<Record<BinaryOperation, string>>

const comparisons = {
  less: 'Less',
  lessEqual: 'LessEqual',
  equal: 'Equal',
} as const satisfies Partial<Record<BinaryOperation, string>>

const isComparison = (operation: BinaryOperation): operation is keyof typeof comparisons => operation in comparisons

const scaled = (o: Operations, factor: number, x: TensorInfo): TensorInfo =>
  factor === 1 ? x : o.mul(x, o.scalar(factor))

/** a*x + b*y. */
export const combination = (o: Operations, a: number, x: TensorInfo, b: number, y: TensorInfo): TensorInfo =>
  b === -1 ? o.sub(scaled(o, a, x), y) : o.add(scaled(o, a, x), scaled(o, b, y))

type Elementwise = Pick<Kernels<TfjsTensor>, 'unary' | 'binary' | 'linearCombination' | 'accumulate'>

export const elementwise = ({ compose, store }: Composer): Elementwise => ({
  unary: (operation, x) =>
    compose(o => {
      if (operation === 'relu') return relu(o, o.of(x))
      if (operation === 'sign') return sign(o, o.of(x))
      return o.unary(plain[operation], o.of(x))
    }),
  binary: (operation, a, b) =>
    compose(o =>
      isComparison(operation)
        ? o.indicator(o.compare(comparisons[operation], o.of(a), o.of(b)))
        : o.binary(arithmetic[operation], o.of(a), o.of(b)),
    ),
  linearCombination: (a, x, b, y) => compose(o => combination(o, a, o.of(x), b, o.of(y))),
  accumulate: (into, x) => {
    const total = compose(o => o.add(o.of(into), o.of(x)))
    store.free(into)
    return total
  },
})
