import {
  type Activation,
  convGeometry,
  depthwiseGeometry,
  type Geometry,
  type Kernels,
  outputShape,
} from '@cpnas/backends'
import fc from 'fast-check'
import { channels, convWindows, type Data, data, dyadics, floats, mapData, seeds } from '../arbitraries.js'
import { absolute, describe, type KernelCase, onOperands } from './kernel-case.js'

/** A convolution's operands, and what stands for each of them in the sum of absolute terms. */
interface Operands {
  readonly x: Data
  readonly filters: Data
  readonly dy: Data
  readonly into: Data | undefined
  readonly affine: { readonly scale: Data; readonly shift: Data } | undefined
  readonly activation: Activation
  readonly g: Geometry
  readonly description: string
}

const activations: readonly Activation[] = ['identity', 'relu', 'sign', 'sign-polynomial']

/**
 * Values at which the activations and their derivatives are exact or continuous in float32: multiples of 1/8 with every
 * kink among them if the activation's argument is computed, arbitrary ones if it is the input itself.
 */
const prologues = fc
  .record({ activation: fc.constantFrom(...activations), affine: fc.boolean(), exact: fc.boolean() })
  .map(({ activation, affine, exact }) => ({
    activation,
    affine,
    fill: exact || (affine && activation !== 'identity') ? dyadics : floats,
  }))

const operands = (depthwise: boolean): fc.Arbitrary<Operands> =>
  fc
    .record({
      window: convWindows(channels),
      outputs: channels,
      prologue: prologues,
      withInto: fc.boolean(),
      seed: seeds,
    })
    .map(({ window: { shape, kernel, options }, outputs, prologue: { activation, affine, fill }, withInto, seed }) => {
      const inputs = shape[3]
      const filterShape = depthwise ? [...kernel, inputs] : [...kernel, inputs, outputs]
      const g = depthwise ? depthwiseGeometry(shape, filterShape, options) : convGeometry(shape, filterShape, options)
      return {
        x: data(fill, shape, seed),
        filters: data(fill, filterShape, seed + 1),
        dy: data(fill, outputShape(g), seed + 2),
        into: withInto ? data(fill, shape, seed + 3) : undefined,
        affine: affine ? { scale: data(fill, [inputs], seed + 4), shift: data(fill, [inputs], seed + 5) } : undefined,
        activation,
        g,
        description: describe('', [shape, filterShape], options, { activation, affine, into: withInto }, seed),
      }
    })

/** Sum of the absolute terms of P(x). */
const activatedMagnitude = ({ x, affine, activation }: Operands): Data =>
  mapData((value, i) => {
    if (activation === 'sign' || activation === 'sign-polynomial') return 1
    if (affine === undefined) return Math.abs(value)
    const channel = i % affine.scale.values.length
    return Math.abs(value * affine.scale.values[channel]!) + Math.abs(affine.shift.values[channel]!)
  }, x)

/** What differs between a convolution and a depthwise one. */
interface Kind {
  readonly name: string
  readonly depthwise: boolean
  readonly forward: <H>(k: Kernels<H>) => Kernels<H>['conv2d']
  readonly inputGrad: <H>(k: Kernels<H>) => Kernels<H>['conv2dInputGrad']
  readonly filterGrad: <H>(k: Kernels<H>) => Kernels<H>['conv2dFilterGrad']
}

const plain = { activation: 'identity' } as const

const affineData = ({ affine }: Operands): readonly Data[] => (affine === undefined ? [] : [affine.scale, affine.shift])

const prologueOf = <H>({ activation }: Operands, [scale, shift]: readonly H[]) =>
  scale === undefined || shift === undefined ? { activation } : { activation, affine: { scale, shift } }

const casesOf = ({ name, depthwise, forward, inputGrad, filterGrad }: Kind) => {
  const taps = ({ g }: Operands): number => g.kernelHeight * g.kernelWidth
  return {
    forward: operands(depthwise).map(
      (o): KernelCase => ({
        name: name + o.description,
        run: onOperands([o.x, o.filters, ...affineData(o)], (k, x, w, ...affine) => [
          forward(k)(x!, w!, o.g, prologueOf(o, affine)),
        ]),
        magnitude: onOperands([activatedMagnitude(o), absolute(o.filters)], (k, x, w) => [
          forward(k)(x!, w!, o.g, plain),
        ]),
        terms: taps(o) * (depthwise ? 1 : o.g.inChannels) + 2,
      }),
    ),
    inputGrad: operands(depthwise).map((o): KernelCase => {
      const into = o.into === undefined ? [] : [o.into]
      const steepest = o.activation === 'sign-polynomial' ? 2 : 1
      return {
        name: `${name}InputGrad${o.description}`,
        run: onOperands(
          [o.dy, o.filters, o.x, ...affineData(o), ...into],
          (k, dy, w, x, ...rest) => [
            inputGrad(k)(dy!, w!, x!, o.g, prologueOf(o, o.affine ? rest : []), rest[o.affine ? 2 : 0]),
          ],
          into.length,
        ),
        magnitude: onOperands(
          [mapData(v => Math.abs(v) * steepest, o.dy), absolute(o.filters), o.x, ...into.map(absolute)],
          (k, dy, w, x, sum) => [inputGrad(k)(dy!, w!, x!, o.g, plain, sum)],
          into.length,
        ),
        terms: taps(o) * (depthwise ? 1 : o.g.outChannels) + 5,
      }
    }),
    filterGrad: operands(depthwise).map(
      (o): KernelCase => ({
        name: `${name}FilterGrad${o.description}`,
        run: onOperands([o.dy, o.x, ...affineData(o)], (k, dy, x, ...affine) => [
          filterGrad(k)(dy!, x!, o.g, prologueOf(o, affine)),
        ]),
        magnitude: onOperands([absolute(o.dy), activatedMagnitude(o)], (k, dy, x) => [
          filterGrad(k)(dy!, x!, o.g, plain),
        ]),
        terms: o.g.batch * o.g.outHeight * o.g.outWidth + 2,
      }),
    ),
  }
}

const conv2d = casesOf({
  name: 'conv2d',
  depthwise: false,
  forward: k => k.conv2d,
  inputGrad: k => k.conv2dInputGrad,
  filterGrad: k => k.conv2dFilterGrad,
})

const depthwise = casesOf({
  name: 'depthwiseConv2d',
  depthwise: true,
  forward: k => k.depthwiseConv2d,
  inputGrad: k => k.depthwiseConv2dInputGrad,
  filterGrad: k => k.depthwiseConv2dFilterGrad,
})

export const convolutionCases = {
  conv2d: conv2d.forward,
  conv2dInputGrad: conv2d.inputGrad,
  conv2dFilterGrad: conv2d.filterGrad,
  depthwiseConv2d: depthwise.forward,
  depthwiseConv2dInputGrad: depthwise.inputGrad,
  depthwiseConv2dFilterGrad: depthwise.filterGrad,
}
