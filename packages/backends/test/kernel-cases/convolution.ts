import {
  type Activation,
  type ConvGradients,
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
  readonly mean: Data | undefined
  /** Factors of a gradient that is not written out. */
  readonly through: { readonly scale: Data; readonly x: Data; readonly slope: Data; readonly offset: Data } | undefined
  readonly wantsInput: boolean
  readonly wantsFilters: boolean
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

const wanted = fc.constantFrom('input', 'input, into', 'filters', 'both', 'both, into', 'both, sums')

const operands = (depthwise: boolean): fc.Arbitrary<Operands> =>
  fc
    .record({
      window: convWindows(channels),
      outputs: channels,
      prologue: prologues,
      wanted,
      through: fc.boolean(),
      seed: seeds,
    })
    .map(({ window: { shape, kernel, options }, outputs, prologue, wanted, through, seed }) => {
      const { activation, affine, fill } = prologue
      const inputs = shape[3]
      const filterShape = depthwise ? [...kernel, inputs] : [...kernel, inputs, outputs]
      const g = depthwise ? depthwiseGeometry(shape, filterShape, options) : convGeometry(shape, filterShape, options)
      return {
        x: data(fill, shape, seed),
        filters: data(fill, filterShape, seed + 1),
        dy: data(fill, outputShape(g), seed + 2),
        into: wanted === 'input, into' || wanted === 'both, into' ? data(fill, shape, seed + 3) : undefined,
        mean: wanted === 'both, sums' ? data(fill, [inputs], seed + 6) : undefined,
        through: through
          ? {
              scale: data(fill, [g.outChannels], seed + 7),
              x: data(fill, outputShape(g), seed + 8),
              slope: data(fill, [g.outChannels], seed + 9),
              offset: data(fill, [g.outChannels], seed + 10),
            }
          : undefined,
        wantsInput: wanted !== 'filters',
        wantsFilters: !wanted.startsWith('input'),
        affine: affine ? { scale: data(fill, [inputs], seed + 4), shift: data(fill, [inputs], seed + 5) } : undefined,
        activation,
        g,
        description: describe('', [shape, filterShape], options, { activation, affine, wanted, through }, seed),
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

/** Sum of the absolute terms of the gradient. */
const gradientMagnitude = ({ dy, through }: Operands): Data =>
  mapData((value, i) => {
    if (through === undefined) return Math.abs(value)
    const channel = i % through.scale.values.length
    const product = (a: number, b: number): number => Math.abs(a * b)
    return (
      product(value, through.scale.values[channel]!) +
      product(through.x.values[i]!, through.slope.values[channel]!) +
      Math.abs(through.offset.values[channel]!)
    )
  }, dy)

/** What differs between a convolution and a depthwise one. */
interface Kind {
  readonly name: string
  readonly depthwise: boolean
  readonly forward: <H>(k: Kernels<H>) => Kernels<H>['conv2d']
  readonly grad: <H>(k: Kernels<H>) => Kernels<H>['conv2dGrad']
}

const plain = { activation: 'identity' } as const

const affineData = ({ affine }: Operands): readonly Data[] => (affine === undefined ? [] : [affine.scale, affine.shift])

const prologueOf = <H>({ activation }: Operands, [scale, shift]: readonly H[]) =>
  scale === undefined || shift === undefined ? { activation } : { activation, affine: { scale, shift } }

/** Handles of a group of operands that may be absent, taken from the front of what is left. */
const take = <H>(handles: H[], present: readonly Data[]): readonly H[] => handles.splice(0, present.length)

const present = (...operands: readonly (Data | undefined)[]): readonly Data[] => operands.flatMap(o => o ?? [])

const results = <H>({ input, filters, sums }: ConvGradients<H>): readonly H[] => [
  ...(input === undefined ? [] : [input]),
  ...(filters === undefined ? [] : [filters]),
  ...(sums === undefined ? [] : [sums.dy, sums.dyx]),
]

const casesOf = ({ name, depthwise, forward, grad }: Kind) => {
  const taps = ({ g }: Operands): number => g.kernelHeight * g.kernelWidth

  const gradients = (o: Operands): KernelCase['run'] => {
    const through = o.through === undefined ? [] : Object.values(o.through)
    const [affine, mean, into] = [affineData(o), present(o.mean), present(o.into)]
    return onOperands(
      [o.dy, o.filters, o.x, ...through, ...affine, ...mean, ...into],
      (k, dy, w, x, ...others) => {
        const rest = [...others]
        const [scale, from, slope, offset] = take(rest, through)
        const p = prologueOf(o, take(rest, affine))
        const [center] = take(rest, mean)
        const gradient =
          scale === undefined ? { dy: dy! } : { dy: dy!, affine: { scale, x: from!, slope: slope!, offset: offset! } }
        return results(
          grad(k)(gradient, w!, x!, o.g, p, {
            filters: o.wantsFilters,
            ...(o.wantsInput && { input: { into: rest[0], mean: center } }),
          }),
        )
      },
      into.length,
    )
  }

  /** The same sums over absolute terms; the activation's slope is at most 2. */
  const magnitudes = (o: Operands): KernelCase['magnitude'] => {
    const [mean, into] = [present(o.mean), present(o.into)]
    return onOperands(
      [
        gradientMagnitude(o),
        absolute(o.filters),
        activatedMagnitude(o),
        absolute(o.x),
        ...mean.map(m => mapData(v => -Math.abs(v), m)),
        ...into.map(absolute),
      ],
      (k, dy, w, p, x, ...others) => {
        const rest = [...others]
        const [center] = take(rest, mean)
        const steep = k.linearCombination(2, dy!, 0, dy!)
        const input = grad(k)({ dy: steep }, w!, x!, o.g, plain, {
          filters: false,
          ...(o.wantsInput && { input: { into: rest[0], mean: center } }),
        })
        const filters = grad(k)({ dy: dy! }, w!, p!, o.g, plain, { filters: o.wantsFilters })
        k.free(steep)
        return results({ ...input, ...filters })
      },
      into.length,
    )
  }

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
    grad: operands(depthwise).map(
      (o): KernelCase => ({
        name: `${name}Grad${o.description}`,
        run: gradients(o),
        magnitude: magnitudes(o),
        terms:
          taps(o) * (depthwise ? 1 : o.g.outChannels) +
          o.g.batch * Math.max(o.g.outHeight * o.g.outWidth, o.g.inHeight * o.g.inWidth) +
          8,
      }),
    ),
  }
}

const conv2d = casesOf({ name: 'conv2d', depthwise: false, forward: k => k.conv2d, grad: k => k.conv2dGrad })

const depthwise = casesOf({
  name: 'depthwiseConv2d',
  depthwise: true,
  forward: k => k.depthwiseConv2d,
  grad: k => k.depthwiseConv2dGrad,
})

export const convolutionCases = {
  conv2d: conv2d.forward,
  conv2dGrad: conv2d.grad,
  depthwiseConv2d: depthwise.forward,
  depthwiseConv2dGrad: depthwise.grad,
}
