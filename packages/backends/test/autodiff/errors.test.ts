import { type Backend, referenceBackend, ShapeError } from '@cpnas/backends'
import { expect, test } from 'vitest'

const b = referenceBackend()
const t = (...shape: readonly number[]) => b.full(1, shape)

const image = t(1, 4, 4, 3)
const coefficients = { learningRate: 1, momentum: 0, weightDecay: 0 }
const adam = { learningRate: 1, beta1: 0.5, beta2: 0.5, epsilon: 1, weightDecay: 0, step: 1 }
const update = <T>(parameter: T, gradient: T, velocity?: T) => ({ parameter, gradient, velocity })

/** What is called wrongly, and how the error names it. */
const mistakes: readonly (readonly [string, (b: Backend<typeof image>) => unknown])[] = [
  ['tensor: 3 values do not fill the shape [2, 2]', b => b.tensor([1, 2, 3], [2, 2])],
  ['tensor: sizes must be positive integers, got [0]', b => b.tensor([], [0])],
  ['full: sizes must be positive integers, got [1.5]', b => b.full(1, [1.5])],
  ['add: [2, 3] and [2] do not broadcast', b => b.add(t(2, 3), t(2))],
  ['less: [2] and [3] do not broadcast', b => b.less(t(2), t(3))],
  ['linearCombination: [2] and [1] must be the same shape', b => b.linearCombination(1, t(2), 1, t(1))],
  ['sum: [2] are not different axes of [2, 3]', b => b.sum(t(2, 3), [2])],
  ['mean: [0, 0] are not different axes of [2, 3]', b => b.mean(t(2, 3), [0, 0])],
  ['sum: [-1] are not different axes of [2, 3]', b => b.sum(t(2, 3), [-1])],
  ['argMax: the operand must have an axis, got []', b => b.argMax(t())],
  ['reshape: [2, 3] and [5] differ in size', b => b.reshape(t(2, 3), [5])],
  ['reshape: sizes must be positive integers, got [-2, -3]', b => b.reshape(t(2, 3), [-2, -3])],
  ['transpose: [0] does not name every axis of [2, 3]', b => b.transpose(t(2, 3), [0])],
  ['slice: [2] from [1] on does not lie in [2]', b => b.slice(t(2), [1], [2])],
  ['slice: begin must be a non-negative integer for every axis of [2], got [-1]', b => b.slice(t(2), [-1], [1])],
  ['slice: size must be a non-negative integer for every axis of [2], got []', b => b.slice(t(2), [0], [])],
  ['pad: after must be a non-negative integer for every axis of [2], got [-1]', b => b.pad(t(2), [0], [-1])],
  ['concat: there must be at least one operand', b => b.concat([], 0)],
  ['concat: [2, 3], [3, 3] must agree on every axis but 1', b => b.concat([t(2, 3), t(3, 3)], 1)],
  ['concat: [2] are not different axes of [2, 3]', b => b.concat([t(2, 3)], 2)],
  ['matMul: [2, 3] times [2, 3]: the inner sizes differ', b => b.matMul(t(2, 3), t(2, 3))],
  ['matMul: the operand must have 2 axes, got [3]', b => b.matMul(t(2, 3), t(3))],
  [
    'conv2d: filters [1, 1, 2, 2] must be [height, width, 3, outputs] for the input [1, 4, 4, 3]',
    b => b.conv2d(image, t(1, 1, 2, 2)),
  ],
  ['conv2d: stride must be a positive integer, got 0', b => b.conv2d(image, t(1, 1, 3, 2), { stride: 0 })],
  ['conv2d: gamma must be [3], got [2]', b => b.conv2d(image, t(1, 1, 3, 2), { normalization: { gamma: t(2) } })],
  ['depthwiseConv2d: filters [3, 3, 1] must be [height, width, 3]', b => b.depthwiseConv2d(image, t(3, 3, 1))],
  ['maxPool: the input must be [batch, height, width, channels], got [4, 4, 3]', b => b.maxPool(t(4, 4, 3), 3)],
  [
    'avgPool: with this padding a window lies outside the 4x4 image',
    b => b.avgPool(image, 2, { padding: { top: 2, bottom: 0, left: 0, right: 0 } }),
  ],
  [
    'batchNorm: statistics.variance must be [3], got [1]',
    b => b.batchNorm(image, { statistics: { mean: t(3), variance: t(1) } }),
  ],
  ['batchNorm: the operand must have an axis, got []', b => b.batchNorm(t())],
  ['moments: the operand must have an axis, got []', b => b.moments(t())],
  ['normalizedSum: there must be at least one term', b => b.normalizedSum([])],
  ['normalizedSum: [2, 3] and [3, 3] must be the same shape', b => b.normalizedSum([{ x: t(2, 3) }, { x: t(3, 3) }])],
  ['softmaxCrossEntropy: the operand must have 2 axes, got [3]', b => b.softmaxCrossEntropy(t(3), t(3))],
  ['softmaxCrossEntropy: labels must be [2], got [3]', b => b.softmaxCrossEntropy(t(2, 3), t(3))],
  ['sgdStep: factor must be [], got [1]', b => b.sgdStep([], coefficients, t(1))],
  [
    'sgdStep: the gradient of parameter 1 must be [2], got [1, 2]',
    b => b.sgdStep([update(t(2), t(2)), update(t(2), t(1, 2))], coefficients),
  ],
  [
    'sgdStep: the velocity of parameter 0 must be [2], got [3]',
    b => b.sgdStep([update(t(2), t(2), t(3))], coefficients),
  ],
  ['adamStep: factor must be [], got [1]', b => b.adamStep([], adam, t(1))],
  [
    'adamStep: the gradient of parameter 0 must be [2], got [3]',
    b => b.adamStep([{ parameter: t(2), gradient: t(3) }], adam),
  ],
  [
    'adamStep: the first of parameter 0 must be [2], got [1]',
    b => b.adamStep([{ parameter: t(2), gradient: t(2), first: t(1), second: t(2) }], adam),
  ],
  [
    'adamStep: the second of parameter 0 must be [2], got []',
    b => b.adamStep([{ parameter: t(2), gradient: t(2), second: t() }], adam),
  ],
  [
    'valueAndGrad: the value must have the shape [], got [2]',
    b => b.valueAndGrad(({ x }) => ({ value: x }), { x: t(2) }),
  ],
  [
    'customGrad: 2 gradients for 1 operands',
    b =>
      b.valueAndGrad(({ x }) => ({ value: b.customGrad(x => ({ value: x!, gradient: dy => [dy, dy] }))(x) }), {
        x: t(),
      }),
  ],
  [
    'customGrad: the gradient of operand 0 must be [2], got []',
    b =>
      b.valueAndGrad(({ x }) => ({ value: b.customGrad(x => ({ value: b.sum(x!), gradient: dy => [dy] }))(x) }), {
        x: t(2),
      }),
  ],
]

test.each(mistakes)('%s', (message, call) => {
  expect(() => call(b)).toThrow(ShapeError)
  expect(() => call(b)).toThrow(message)
})
