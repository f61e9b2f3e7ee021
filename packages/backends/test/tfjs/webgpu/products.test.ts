import {
  convGeometry,
  depthwiseGeometry,
  type Kernels,
  openWebgpu,
  outputShape,
  poolGeometry,
  referenceKernels,
  webgpuKernels,
} from '@cpnas/backends'
import { afterAll, expect, test } from 'vitest'
import { type Data, data, floats } from '../../arbitraries.js'
import { absolute, type KernelCase, linearCase, onOperands } from '../../kernel-cases/kernel-case.js'
import { holdToReference } from '../../kernel-errors.js'
import { describeIfThere, openIfThere } from '../../open.js'

const plain = { activation: 'identity' } as const

interface Convolution {
  readonly x: readonly [number, number, number, number]
  readonly w: readonly number[]
  readonly options?: Parameters<typeof convGeometry>[2]
}

const pixels = (shape: readonly number[]): number => shape.slice(0, 3).reduce((a, b) => a * b, 1)

/** Forward and both gradients; these once together, once apart, with a gradient that is not written out, and with `into`. */
const convolutions = (name: string, { x, w, options = {} }: Convolution): readonly KernelCase[] => {
  const depthwise = w.length === 3
  const g = depthwise ? depthwiseGeometry(x, w, options) : convGeometry(x, w, options)
  const y = outputShape(g)
  const forward = <H>(k: Kernels<H>) => (depthwise ? k.depthwiseConv2d : k.conv2d)
  const grad = <H>(k: Kernels<H>) => (depthwise ? k.depthwiseConv2dGrad : k.conv2dGrad)
  const [taps, inputs, outputs] = [g.kernelHeight * g.kernelWidth, x[3], g.outChannels]
  // Long sums are cut in parts: no element has gone through more roundings than this.
  const rows = Math.min(600, Math.max(pixels(x), pixels(y)))
  const operand = (shape: readonly number[], seed: number): Data => data(floats, shape, seed)
  const [image, filters, dy] = [operand(x, 1), operand(w, 2), operand(y, 3)]
  const channels = [operand([inputs], 4), operand([inputs], 5)]
  const through = [operand([outputs], 6), operand(y, 7), operand([outputs], 8), operand([outputs], 9)]
  return [
    linearCase(`${name}, forward`, [image, filters, ...channels], taps * inputs + 2, (k, x, w, scale, shift) => [
      forward(k)(x!, w!, g, { ...plain, affine: { scale: scale!, shift: shift! } }),
    ]),
    linearCase(`${name}, both gradients`, [dy, filters, image], rows + taps * outputs, (k, dy, w, x) => {
      const both = grad(k)({ dy: dy! }, w!, x!, g, plain, { input: {}, filters: true })
      return [both.input!, both.filters!]
    }),
    linearCase(
      `${name}, gradient of the input`,
      [dy, filters, image, ...through, operand(x, 10)],
      taps * outputs + 4,
      (k, dy, w, x, scale, from, slope, offset, into) => {
        const gradient = { dy: dy!, affine: { scale: scale!, x: from!, slope: slope!, offset: offset! } }
        return [grad(k)(gradient, w!, x!, g, plain, { input: { into: into! }, filters: false }).input!]
      },
      1,
    ),
    linearCase(
      `${name}, gradient of the filters`,
      [dy, filters, image, ...through],
      rows + 4,
      (k, dy, w, x, scale, from, slope, offset) => {
        const gradient = { dy: dy!, affine: { scale: scale!, x: from!, slope: slope!, offset: offset! } }
        return [grad(k)(gradient, w!, x!, g, plain, { filters: true }).filters!]
      },
    ),
  ]
}

const crop = { top: -1, left: -1, bottom: 1, right: 1 }

const products = [false, true].flatMap(transposeA =>
  [false, true].flatMap(transposeB =>
    [
      [130, 70, 70],
      [7, 30000, 10],
    ].map(([m, k, n]) =>
      linearCase(
        `matMul ${m} ${k} ${n} ${transposeA} ${transposeB}`,
        [data(floats, transposeA ? [k!, m!] : [m!, k!], 1), data(floats, transposeB ? [n!, k!] : [k!, n!], 2)],
        Math.min(600, k!),
        (kernels, a, b) => [kernels.matMul(a!, b!, transposeA, transposeB)],
      ),
    ),
  ),
)

const pool = poolGeometry('pool', [16, 32, 31, 16], 3, { stride: 2 })
const [image, windows] = [data(floats, [16, 32, 31, 16], 1), data(floats, outputShape(pool), 2)]
const maxPoolGrad = <H>(k: Kernels<H>, x: H, dy: H): readonly H[] => [k.maxPoolGrad(dy, x, pool)]

const cases: readonly KernelCase[] = [
  ...convolutions('1x1 of a batch of 64', { x: [64, 32, 32, 16], w: [1, 1, 16, 16] }),
  ...convolutions('3x3 of 3 channels', { x: [8, 32, 32, 3], w: [3, 3, 3, 48] }),
  ...convolutions('every other pixel', {
    x: [5, 16, 16, 16],
    w: [1, 1, 16, 32],
    options: { stride: 2, padding: crop },
  }),
  ...convolutions('tiles that do not divide', { x: [2, 9, 7, 40], w: [3, 3, 40, 70] }),
  ...convolutions('depthwise 3x3', { x: [16, 32, 32, 16], w: [3, 3, 16] }),
  ...convolutions('depthwise 5x5', { x: [3, 16, 15, 70], w: [5, 5, 70], options: { dilation: 2, stride: 2 } }),
  linearCase(
    'more tiles than a dimension has workgroups',
    [data(floats, [64 * 65535 + 70, 2], 1), data(floats, [2, 1], 2)],
    2,
    (k, a, b) => [k.matMul(a!, b!, false, false)],
  ),
  ...products,
  linearCase('average pooling', [image, windows], 12, (k, x, dy) => [k.avgPool(x!, pool), k.avgPoolGrad(dy!, pool)]),
  {
    name: 'max pooling',
    run: onOperands([image, windows], (k, x, dy) => maxPoolGrad(k, x!, dy!)),
    magnitude: onOperands([image, absolute(windows)], (k, x, dy) => maxPoolGrad(k, x!, dy!)),
    terms: 11,
  },
]

const opened = await openIfThere(openWebgpu)

describeIfThere('WebGPU programs equal the reference at sizes of many tiles', opened, runtime => {
  const kernels = webgpuKernels(runtime)
  // As on a GPU, whatever is here.
  const unrolled = webgpuKernels(runtime, { unrolled: true })
  const reference = referenceKernels()
  afterAll(() => runtime.close())

  const loops = ['tiles that do not divide', 'depthwise', 'average pooling', 'max pooling']
  test.each(cases.filter(c => loops.some(name => c.name.startsWith(name))).map(c => [c.name, c] as const))(
    '%s, loops written out',
    async (_, kernelCase) => {
      await holdToReference(unrolled, reference, kernelCase)
    },
  )

  test.each(cases.map(c => [c.name, c] as const))('%s', async (_, kernelCase) => {
    const before = kernels.memory()
    await holdToReference(kernels, reference, kernelCase)
    expect(kernels.memory()).toEqual(before)
  })
})
