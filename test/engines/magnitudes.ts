import { type ConvGradients, type Geometry, type Gradient, type Kernels, type Prologue, sizeOf } from '@cpnas/backends'
import { ADAM_ROUNDINGS, adamMagnitudes } from '../../packages/backends/test/kernel-cases/optimizer.js'
import type { KernelName } from '../../packages/backends/test/kernel-cases.js'

/** Sums of absolute terms of a kernel's results, and how many roundings enter one: see `KernelCase`. */
interface Magnitudes<H> {
  /** Default: the results' own absolute values. */
  readonly of?: readonly (H | undefined)[]
  readonly terms: number
}

type Table<H> = { readonly [K in KernelName]: (...args: Parameters<Kernels<H>[K]>) => Magnitudes<H> }

/** Moves no value. */
const exact = () => ({ terms: 0 })
/** For exp, log and division, which an engine may approximate. */
const rounded = () => ({ terms: 8 })

/** What bounds the rounding errors of a call, in terms of the kernels of the reference. */
export const magnitudesOver = <H>(k: Kernels<H>): Table<H> => {
  const abs = (x: H): H => k.unary('abs', x)
  const minus = (x: H): H => k.unary('neg', abs(x))
  const maybe = (x: H | undefined): H | undefined => (x === undefined ? undefined : abs(x))
  const rowsOf = (x: H): number => sizeOf(k.shapeOf(x).slice(0, -1))

  const activated = (x: H, { activation, affine }: Prologue<H>): H => {
    if (activation === 'sign' || activation === 'sign-polynomial') return k.fill(1, k.shapeOf(x))
    return affine === undefined ? abs(x) : k.affineSum([{ x: abs(x), scale: abs(affine.scale) }], abs(affine.shift))
  }
  const written = ({ dy, affine }: Gradient<H>): H =>
    affine === undefined
      ? abs(dy)
      : k.affineSum(
          [
            { x: abs(dy), scale: abs(affine.scale) },
            { x: abs(affine.x), scale: abs(affine.slope) },
          ],
          abs(affine.offset),
        )

  const plain = { activation: 'identity' } as const
  const forward =
    (kernel: 'conv2d' | 'depthwiseConv2d', depth: (g: Geometry) => number): Table<H>['conv2d'] =>
    (x, w, g, p) => ({
      of: [k[kernel](activated(x, p), abs(w), g, plain)],
      terms: g.kernelHeight * g.kernelWidth * depth(g) + 2,
    })
  /** The activation's slope is at most 2. */
  const backward =
    (kernel: 'conv2dGrad' | 'depthwiseConv2dGrad', depth: (g: Geometry) => number): Table<H>['conv2dGrad'] =>
    (dy, w, x, g, p, { input, filters }) => {
      const total = written(dy)
      const steep = k.linearCombination(2, total, 0, total)
      const wanted = input && { into: maybe(input.into), mean: input.mean && minus(input.mean) }
      const inputs: ConvGradients<H> = input
        ? k[kernel]({ dy: steep }, abs(w), abs(x), g, plain, { filters: false, input: wanted! })
        : {}
      const weights: ConvGradients<H> = filters
        ? k[kernel]({ dy: total }, abs(w), activated(x, p), g, plain, { filters: true })
        : {}
      return {
        of: [inputs.input, weights.filters, inputs.sums?.dy, inputs.sums?.dyx],
        terms:
          g.kernelHeight * g.kernelWidth * depth(g) +
          g.batch * Math.max(g.outHeight * g.outWidth, g.inHeight * g.inWidth) +
          8,
      }
    }

  const lossSize = (logits: H): H => {
    const [rows, classes] = k.shapeOf(logits) as readonly [number, number]
    const total = k.sum(abs(logits))
    return k.linearCombination(2, total, 1 + Math.log(classes) + rows, k.fill(1, []))
  }

  return {
    fill: rounded,
    unary: rounded,
    binary: rounded,
    linearCombination: (a, x, b, y) => ({
      of: [k.linearCombination(Math.abs(a), abs(x), Math.abs(b), abs(y))],
      terms: 3,
    }),
    accumulate: rounded,
    sum: (x, axes) => {
      const of = k.sum(abs(x), axes)
      return { of: [of], terms: sizeOf(k.shapeOf(x)) / sizeOf(k.shapeOf(of)) }
    },
    argMax: exact,
    reshape: exact,
    transpose: exact,
    slice: exact,
    pad: exact,
    concat: exact,
    matMul: (a, b, transposeA, transposeB) => ({
      of: [k.matMul(abs(a), abs(b), transposeA, transposeB)],
      terms: k.shapeOf(a)[transposeA ? 0 : 1]!,
    }),
    conv2d: forward('conv2d', g => g.inChannels),
    depthwiseConv2d: forward('depthwiseConv2d', () => 1),
    conv2dGrad: backward('conv2dGrad', g => g.outChannels),
    depthwiseConv2dGrad: backward('depthwiseConv2dGrad', () => 1),
    maxPool: exact,
    maxPoolGrad: (dy, x, g, into) => ({
      of: [k.maxPoolGrad(abs(dy), x, g, maybe(into))],
      terms: g.kernelHeight * g.kernelWidth + 2,
    }),
    avgPool: (x, g) => ({ of: [k.avgPool(abs(x), g)], terms: g.kernelHeight * g.kernelWidth + 2 }),
    avgPoolGrad: (dy, g, into) => ({
      of: [k.avgPoolGrad(abs(dy), g, maybe(into))],
      terms: g.kernelHeight * g.kernelWidth + 2,
    }),
    moments: x => {
      const { mean } = k.moments(abs(x))
      const spread = k.binary('add', abs(x), mean)
      return { of: [mean, k.moments(k.binary('mul', spread, spread)).mean], terms: 2 * rowsOf(x) + 4 }
    },
    affineSum: (terms, shift, into) => ({
      of: [
        k.affineSum(
          terms.map(({ x, scale }) => (scale === undefined ? { x: abs(x) } : { x: abs(x), scale: abs(scale) })),
          maybe(shift),
          maybe(into),
        ),
      ],
      terms: 2 * terms.length + 2,
    }),
    channelSums: (dy, terms) => {
      const sums = k.channelSums(
        abs(dy),
        terms.map(({ x, mean }) => ({ x: abs(x), mean: minus(mean) })),
      )
      return { of: [sums.dy, ...sums.dyx], terms: rowsOf(dy) + 2 }
    },
    foldNormalization: (mean, variance, epsilon, gamma, beta) => {
      const { precision, scale, shift } = k.foldNormalization(minus(mean), variance, epsilon, maybe(gamma), maybe(beta))
      return { of: [precision, scale, shift], terms: 6 }
    },
    foldNormalizationGrad: (mean, { precision, scale, shift }, sums, count) => {
      // With a negative scale and mean both results are sums of positive terms.
      const folded = { precision, scale: minus(scale), shift }
      const { slope, offset } = k.foldNormalizationGrad(
        minus(mean),
        folded,
        { dy: abs(sums.dy), dyx: abs(sums.dyx) },
        count,
      )
      return { of: [slope, offset], terms: 8 }
    },
    softmaxCrossEntropy: logits => ({ of: [lossSize(logits)], terms: 2 * sizeOf(k.shapeOf(logits)) + 8 }),
    softmaxCrossEntropyGrad: (dy, logits) => {
      const [rows, classes] = k.shapeOf(logits) as readonly [number, number]
      const size = k.binary('mul', lossSize(logits), abs(dy))
      const each = k.linearCombination(1 / rows, size, 0, size)
      return { of: [k.binary('mul', each, k.fill(1, [rows, classes]))], terms: 2 * classes + rows + 8 }
    },
    scaledSign: (x, group) => ({ of: [k.scaledSign(abs(x), group)], terms: sizeOf(k.shapeOf(x)) + 2 }),
    scaledSignGrad: (dy, x, group) => ({
      of: [
        k.linearCombination(2, k.binary('mul', k.scaledSign(abs(x), group), abs(dy)), 1, k.scaledSign(abs(dy), group)),
      ],
      terms: sizeOf(k.shapeOf(x)) + 2,
    }),
    prelu: rounded,
    preluGrad: (dy, x, slope) => {
      const below = k.preluGrad(abs(dy), minus(abs(x)), abs(slope))
      return { of: [k.binary('add', below.input, abs(dy)), minus(below.slope)], terms: rowsOf(x) + 2 }
    },
    squaredNorm: xs => ({
      of: [k.squaredNorm(xs)],
      terms: xs.reduce((count, x) => count + sizeOf(k.shapeOf(x)), 1),
    }),
    sgdStep: (updates, { learningRate, momentum, weightDecay }, factor) => ({
      of: k
        .sgdStep(
          updates.map(({ parameter, gradient, velocity }) => ({
            parameter: abs(parameter),
            gradient: abs(gradient),
            velocity: maybe(velocity),
          })),
          { learningRate: -learningRate, momentum, weightDecay },
          maybe(factor),
        )
        .flatMap(({ parameter, velocity }) => [parameter, velocity]),
      terms: 8,
    }),
    adamStep: (updates, coefficients, factor) => ({
      of: adamMagnitudes(k, updates, coefficients, factor),
      terms: ADAM_ROUNDINGS,
    }),
  }
}
