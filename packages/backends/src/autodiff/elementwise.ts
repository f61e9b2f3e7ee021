import type { Backend } from '../backend.js'
import type { BinaryOperation, Kernels, UnaryOperation } from '../kernels.js'
import { broadcastShape } from '../shape.js'
import { checkSame } from './check.js'
import { addSame, addTo, scaled, sumTo, temporaries } from './gradient.js'
import type { Recorder } from './recorder.js'
import { Tensor } from './tensor.js'

type UnaryGradient = <H>(k: Kernels<H>, dy: H, x: H, y: H) => H

/** dy * comparison(a, b). */
const masked = <H>(k: Kernels<H>, dy: H, comparison: BinaryOperation, a: H, b: H): H => {
  const mask = k.binary(comparison, a, b)
  const gradient = k.binary('mul', dy, mask)
  k.free(mask)
  return gradient
}

/** f(handle), then frees it. */
const using = <H, A>(k: Kernels<H>, handle: H, f: (handle: H) => A): A => {
  const result = f(handle)
  k.free(handle)
  return result
}

const unaryGradients: Readonly<Record<Exclude<UnaryOperation, 'sign'>, UnaryGradient>> = {
  neg: (k, dy) => k.unary('neg', dy),
  exp: (k, dy, _, y) => k.binary('mul', dy, y),
  log: (k, dy, x) => k.binary('div', dy, x),
  sqrt: (k, dy, _, y) => using(k, k.linearCombination(1, y, 1, y), twice => k.binary('div', dy, twice)),
  abs: (k, dy, x) => using(k, k.unary('sign', x), sign => k.binary('mul', dy, sign)),
  relu: (k, dy, x) => using(k, k.fill(0, []), zero => masked(k, dy, 'less', zero, x)),
}

/** Gradients to the first and the second operand, in the shape of the result. */
type BinaryGradient = <H>(k: Kernels<H>, dy: H, a: H, b: H, y: H) => H

const same: BinaryGradient = (k, dy) => k.reshape(dy, k.shapeOf(dy))

const binaryGradients: Readonly<
  Record<Exclude<BinaryOperation, 'less' | 'lessEqual' | 'equal'>, readonly [BinaryGradient, BinaryGradient]>
> = {
  add: [same, same],
  sub: [same, (k, dy) => k.unary('neg', dy)],
  mul: [(k, dy, _, b) => k.binary('mul', dy, b), (k, dy, a) => k.binary('mul', dy, a)],
  div: [
    (k, dy, _, b) => k.binary('div', dy, b),
    (k, dy, _a, b, y) => {
      const { keep, free } = temporaries(k)
      const gradient = k.unary('neg', keep(k.binary('div', keep(k.binary('mul', dy, y)), b)))
      free()
      return gradient
    },
  ],
  max: [(k, dy, a, b) => masked(k, dy, 'lessEqual', b, a), (k, dy, a, b) => masked(k, dy, 'less', a, b)],
  min: [(k, dy, a, b) => masked(k, dy, 'lessEqual', a, b), (k, dy, a, b) => masked(k, dy, 'less', b, a)],
}

type Elementwise<H> = Pick<Backend<Tensor<H>>, UnaryOperation | BinaryOperation | 'linearCombination'>

export const elementwise = <H>(recorder: Recorder<H>): Elementwise<H> => {
  const { kernels, record, give, untracked } = recorder

  const unary = (name: keyof typeof unaryGradients) => (x: Tensor<H>) => {
    const y = kernels.unary(name, x.handle)
    return record({
      name,
      handle: y,
      shape: x.shape,
      operands: [x],
      backward: dy => give(x, into => addTo(kernels, into, unaryGradients[name](kernels, dy, x.handle, y))),
    })
  }

  /** An operand, and the handle to free after use if the operand was a number: such a scalar belongs to no scope. */
  const operand = (x: Tensor<H> | number): { readonly tensor: Tensor<H>; readonly owned: readonly H[] } => {
    if (typeof x !== 'number') return { tensor: x, owned: [] }
    const scalar = kernels.fill(x, [])
    return { tensor: new Tensor(scalar, []), owned: [scalar] }
  }

  const binary = (name: keyof typeof binaryGradients) => (left: Tensor<H> | number, right: Tensor<H> | number) => {
    const { tensor: a, owned: ownedA } = operand(left)
    const { tensor: b, owned: ownedB } = operand(right)
    const shape = broadcastShape(name, a.shape, b.shape)
    const y = kernels.binary(name, a.handle, b.handle)
    const giveTo = (x: Tensor<H>, dy: H, gradient: BinaryGradient) =>
      give(x, into =>
        addTo(kernels, into, sumTo(kernels, gradient(kernels, dy, a.handle, b.handle, y), shape, x.shape)),
      )
    const [toA, toB] = binaryGradients[name]
    return record({
      name,
      handle: y,
      shape,
      operands: [a, b],
      saved: [...ownedA, ...ownedB],
      backward: dy => {
        giveTo(a, dy, toA)
        giveTo(b, dy, toB)
      },
    })
  }

  const comparison =
    (name: 'less' | 'lessEqual' | 'equal') => (left: Tensor<H> | number, right: Tensor<H> | number) => {
      const { tensor: a, owned: ownedA } = operand(left)
      const { tensor: b, owned: ownedB } = operand(right)
      const shape = broadcastShape(name, a.shape, b.shape)
      const y = kernels.binary(name, a.handle, b.handle)
      for (const scalar of [...ownedA, ...ownedB]) kernels.free(scalar)
      return untracked(y, shape)
    }

  return {
    neg: unary('neg'),
    exp: unary('exp'),
    log: unary('log'),
    sqrt: unary('sqrt'),
    abs: unary('abs'),
    relu: unary('relu'),
    sign: x => untracked(kernels.unary('sign', x.handle), x.shape),
    add: binary('add'),
    sub: binary('sub'),
    mul: binary('mul'),
    div: binary('div'),
    max: binary('max'),
    min: binary('min'),
    less: comparison('less'),
    lessEqual: comparison('lessEqual'),
    equal: comparison('equal'),
    linearCombination: (a, x, b, y) => {
      checkSame('linearCombination', x.shape, y.shape)
      const giveScaled = (operand: Tensor<H>, factor: number, dy: H) =>
        give(operand, into => {
          if (factor === 1) return addSame(kernels, into, dy, x.shape)
          if (into === undefined) return scaled(kernels, dy, factor)
          return using(kernels, into, sum => kernels.linearCombination(1, sum, factor, dy))
        })
      return record({
        name: 'linearCombination',
        handle: kernels.linearCombination(a, x.handle, b, y.handle),
        shape: x.shape,
        operands: [x, y],
        backward: dy => {
          giveScaled(x, a, dy)
          giveScaled(y, b, dy)
        },
      })
    },
  }
}
