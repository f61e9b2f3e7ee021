import { type Activation, type Backend, type ConvOptions, convGeometry } from '@cpnas/backends'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { convWindows, data, distinct, fewChannels, seeds } from '../arbitraries.js'
import { type Computation, expectGradients, type Inputs, onReference } from '../finite-differences.js'
import {
  type NormalizationParts,
  normalizationInputs,
  normalizationOf,
  normalizationParts,
  normalized,
} from '../normalizations.js'

const kinds = ['conv2d', 'depthwiseConv2d'] as const

interface Case {
  readonly inputs: Inputs
  readonly parts: NormalizationParts | undefined
  /** The convolution with an activation of its own or, unfused, with any function. */
  readonly convolution: (activation: Activation | (<T>(backend: Backend<T>, h: T) => T)) => Computation
}

const cases = (kind: (typeof kinds)[number]): fc.Arbitrary<Case> =>
  fc
    .record({
      window: convWindows(fewChannels),
      outputs: fewChannels,
      parts: fc.option(normalizationParts, { nil: undefined }),
      seed: seeds,
    })
    .map(({ window: { shape, kernel, options }, outputs, parts, seed }) => {
      const filters = kind === 'conv2d' ? [...kernel, shape[3], outputs] : [...kernel, shape[3]]
      return {
        inputs: {
          x: data(distinct, shape, seed),
          filters: data(distinct, filters, seed + 1),
          ...(parts && normalizationInputs(parts, shape, seed)),
        },
        parts,
        convolution:
          activation =>
          <T>(b: Backend<T>, x: Readonly<Record<string, T>>) => {
            const normalization = parts && normalizationOf(b, parts, x, shape)
            if (typeof activation === 'function') {
              const h = normalization === undefined ? x.x! : b.batchNorm(x.x!, normalization)
              return b[kind](activation(b, h), x.filters!, options)
            }
            const fused: ConvOptions<T> = { ...options, activation, ...(normalization && { normalization }) }
            return b[kind](x.x!, x.filters!, fused)
          },
      }
    })

/** Whether the activation's argument keeps away from where an activation or its derivative has a kink. */
const isSmooth = async ({ inputs, parts }: Case): Promise<boolean> =>
  Array.from(await normalized(inputs, parts)).every(h => [-1, 0, 1].every(kink => Math.abs(h - kink) > 5e-5))

const hardTanh = <T>(b: Backend<T>, h: T): T => b.min(b.max(h, -1), 1)

/** The function whose derivative is 2 - 2|h| where |h| < 1: h * (2 - |h|) there, and constant beyond. */
const polynomial = <T>(b: Backend<T>, h: T): T => {
  const inside = hardTanh(b, h)
  return b.mul(inside, b.sub(2, b.abs(inside)))
}

describe.each(kinds)('%s', kind => {
  test.each(['identity', 'relu'] as const)('gradients with %s by central differences', activation =>
    fc.assert(
      fc.asyncProperty(cases(kind), async example => {
        fc.pre(await isSmooth(example))
        await expectGradients(example.convolution(activation), example.inputs)
      }),
    ),
  )

  test.each([
    ['sign', hardTanh],
    ['sign-polynomial', polynomial],
  ] as const)('what lies before %s gets the gradient of its straight-through estimator', (activation, surrogate) =>
    fc.assert(
      fc.asyncProperty(cases(kind), async example => {
        fc.pre(await isSmooth(example))
        const { filters, ...before } = example.inputs
        const fixed =
          (f: Computation): Computation =>
          (b, x) =>
            f(b, { ...x, filters: b.tensor(filters!.values, filters!.shape) })
        await expectGradients(fixed(example.convolution(activation)), before, fixed(example.convolution(surrogate)))
      }),
    ),
  )

  test.each(['sign', 'sign-polynomial'] as const)(
    'gradients of the filters with %s by central differences',
    activation =>
      fc.assert(
        fc.asyncProperty(cases(kind), async example => {
          fc.pre(await isSmooth(example))
          const { filters, ...before } = example.inputs
          await expectGradients(
            (b, x) => {
              const others = Object.entries(before).map(([name, { values, shape }]) => [name, b.tensor(values, shape)])
              return example.convolution(activation)(b, { ...x, ...Object.fromEntries(others) })
            },
            { filters: filters! },
          )
        }),
      ),
  )
})

test('the default padding keeps the size at stride 1', () =>
  fc.assert(
    fc.property(convWindows(fewChannels), ({ shape, kernel, options: { dilation = 1 } }) => {
      const g = convGeometry(shape, [...kernel, shape[3], 1], { dilation })
      expect([g.outHeight, g.outWidth]).toEqual([shape[1], shape[2]])
    }),
  ))

const image = [1, 2, 3, 4, 5, 6, 7, 8, 9]

test('worked by hand', () =>
  onReference(async b => {
    const x = b.tensor(image, [1, 3, 3, 1])
    const w = b.tensor([1, 0, 0, -1], [2, 2, 1, 1])
    const none = { top: 0, bottom: 0, left: 0, right: 0 }
    const results = b.scope(() => {
      const scale = b.tensor([2], [1])
      const shift = b.tensor([-10], [1])
      const statistics = { mean: b.tensor([0], [1]), variance: b.tensor([1], [1]) }
      const normalization = { gamma: scale, beta: shift, epsilon: 0, statistics }
      return [
        b.conv2d(x, w, { padding: none }),
        b.conv2d(x, w),
        b.conv2d(x, w, { stride: 2, padding: { top: 1, bottom: 0, left: 0, right: -1 } }),
        b.conv2d(x, w, { dilation: 2, padding: none }),
        b.conv2d(x, b.tensor([1], [1, 1, 1, 1]), { normalization, activation: 'relu' }),
        b.conv2d(x, b.tensor([1], [1, 1, 1, 1]), { normalization, activation: 'sign' }),
        b.depthwiseConv2d(b.concat([x, b.neg(x)], 3), b.tensor([1, 10], [1, 1, 2]), { stride: 2 }),
      ]
    })
    expect(await Promise.all(results.map(async y => [b.shape(y), [...(await b.read(y))]]))).toEqual([
      [
        [1, 2, 2, 1],
        [-4, -4, -4, -4],
      ],
      [
        [1, 3, 3, 1],
        [-4, -4, 3, -4, -4, 6, 7, 8, 9],
      ],
      [
        [1, 2, 1, 1],
        [-2, -4],
      ],
      [[1, 1, 1, 1], [-8]],
      [
        [1, 3, 3, 1],
        [0, 0, 0, 0, 0, 2, 4, 6, 8],
      ],
      [
        [1, 3, 3, 1],
        [-1, -1, -1, -1, 1, 1, 1, 1, 1],
      ],
      [
        [1, 2, 2, 2],
        [1, -10, 3, -30, 7, -70, 9, -90],
      ],
    ])
    b.dispose([x, w, results])
  }))

test('derivatives of the activations at and around their kinks', () =>
  onReference(async b => {
    const x = b.tensor([-2, -1, -0.5, 0, 0.5, 1, 2], [1, 1, 7, 1])
    const one = b.full(1, [1, 1, 1, 1])
    const slopes = async (activation: Activation) => {
      const { value, gradients } = b.valueAndGrad(({ x }) => ({ value: b.sum(b.conv2d(x, one, { activation })) }), {
        x,
      })
      const values = [...(await b.read(gradients.x))]
      b.dispose([value, gradients])
      return values
    }
    expect(await slopes('identity')).toEqual([1, 1, 1, 1, 1, 1, 1])
    expect(await slopes('relu')).toEqual([0, 0, 0, 0, 1, 1, 1])
    expect(await slopes('sign')).toEqual([0, 1, 1, 1, 1, 1, 0])
    expect(await slopes('sign-polynomial')).toEqual([0, 0, 1, 2, 1, 0, 0])
    b.dispose([x, one])
  }))
