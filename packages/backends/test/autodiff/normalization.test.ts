import type { Backend, Normalization, Shape } from '@cpnas/backends'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { data, distinct, fewChannels, seeds } from '../arbitraries.js'
import { expectGradients, type Inputs, onReference } from '../finite-differences.js'
import { normalizationInputs, normalizationOf, normalizationParts } from '../normalizations.js'

const shapes: fc.Arbitrary<Shape> = fc
  .tuple(fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 3 }), fewChannels)
  .map(([outer, channels]) => [...outer, channels])

test('gradients of batchNorm by central differences', () =>
  fc.assert(
    fc.asyncProperty(shapes, normalizationParts, seeds, async (shape, parts, seed) => {
      const inputs = { x: data(distinct, shape, seed), ...normalizationInputs(parts, shape, seed) }
      await expectGradients((b, x) => b.batchNorm(x.x!, normalizationOf(b, parts, x, shape)), inputs)
    }),
  ))

test('gradients of normalizedSum by central differences, also with a tensor in two terms', () => {
  const terms = fc.array(fc.option(normalizationParts, { nil: undefined }), { minLength: 1, maxLength: 5 })
  return fc.assert(
    fc.asyncProperty(shapes, terms, fc.boolean(), seeds, async (shape, terms, twice, seed) => {
      const inputs: Inputs = Object.assign(
        {},
        ...terms.map((parts, i) => ({
          [`x${i}`]: data(distinct, shape, seed + i),
          ...(parts && normalizationInputs(parts, shape, seed + i, `${i}`)),
        })),
      )
      await expectGradients(
        (b, x) =>
          b.normalizedSum([
            ...terms.map((parts, i) => ({
              x: x[`x${i}`]!,
              ...(parts && { normalization: normalizationOf(b, parts, x, shape, `${i}`) }),
            })),
            ...(twice ? [{ x: x.x0! }, { x: x.x0!, normalization: {} }] : []),
          ]),
        inputs,
      )
    }),
  )
})

test('a batch-normalized channel has mean 0 and variance 1', () =>
  fc.assert(
    fc.asyncProperty(fewChannels, seeds, async (channels, seed) =>
      onReference(async b => {
        const { values, shape } = data(distinct, [3, 4, 4, channels], seed)
        const x = b.tensor(values, shape)
        const y = b.batchNorm(x, { epsilon: 0 })
        const { mean, variance } = b.moments(y)
        for (const v of await b.read(mean)) expect(v).toBeCloseTo(0, 9)
        for (const v of await b.read(variance)) expect(v).toBeCloseTo(1, 9)
        b.dispose([x, y, mean, variance])
      }),
    ),
  ))

test('worked by hand', () =>
  onReference(async b => {
    const x = b.tensor([1, 10, 3, 30], [2, 2])
    const { mean, variance } = b.moments(x)
    const results = b.scope(() => {
      const gamma = b.tensor([2, 1], [2])
      const beta = b.tensor([0, 5], [2])
      return [
        mean,
        variance,
        b.batchNorm(x, { gamma, beta, epsilon: 0 }),
        b.batchNorm(x, { epsilon: 3, statistics: { mean: b.tensor([0, 10], [2]), variance: b.tensor([1, 97], [2]) } }),
        b.normalizedSum([{ x }, { x, normalization: { epsilon: 0 } }, { x }]),
      ]
    })
    expect(await Promise.all(results.map(async y => [...(await b.read(y))]))).toEqual([
      [2, 20],
      [1, 100],
      [-2, 4, 2, 6],
      [0.5, 0, 1.5, 2],
      [1, 19, 7, 61],
    ])
    b.dispose([x, results])
  }))

test('epsilon is 1e-5 by default', () =>
  onReference(async b => {
    const x = b.tensor([1, -1, 1, -1], [4, 1])
    const small = b.mul(x, Math.sqrt(3e-5))
    const y = b.batchNorm(small)
    const half = Math.sqrt(3) / 2
    const values = Array.from(await b.read(y))
    for (const [i, v] of [half, -half, half, -half].entries()) expect(values[i]).toBeCloseTo(v, 12)
    b.dispose([x, small, y])
  }))

const observing: readonly (readonly [
  string,
  <T>(
    b: Backend<T>,
    x: T,
    filters: T,
    observe: Observe<T> | undefined,
  ) => { readonly result: T; readonly calls: number },
])[] = [
  ['batchNorm', (b, x, _, observe) => ({ result: b.batchNorm(x, given(observe)), calls: 1 })],
  [
    'normalizedSum',
    (b, x, _, observe) => ({
      result: b.normalizedSum([{ x, normalization: given(observe) }, { x }, { x, normalization: given(observe) }]),
      calls: 2,
    }),
  ],
  [
    'conv2d',
    (b, x, filters, observe) => {
      const [rows, columns, channels] = b.shape(filters) as [number, number, number]
      const matrices = b.reshape(filters, [rows, columns, channels, 1])
      return { result: b.conv2d(x, matrices, { normalization: given(observe), activation: 'sign' }), calls: 1 }
    },
  ],
  [
    'depthwiseConv2d',
    (b, x, filters, observe) => ({
      result: b.depthwiseConv2d(x, filters, { normalization: given(observe), activation: 'relu' }),
      calls: 1,
    }),
  ],
]

type Observe<T> = NonNullable<Normalization<T>['observe']>
const given = <T>(observe: Observe<T> | undefined): Normalization<T> => (observe === undefined ? {} : { observe })

test.each(observing)('%s hands on the moments that it took, and computes the same', (_, operation) =>
  fc.assert(
    fc.asyncProperty(fewChannels, seeds, async (channels, seed) =>
      onReference(async b => {
        const inputs = {
          x: data(distinct, [2, 4, 3, channels], seed),
          filters: data(distinct, [3, 3, channels], seed + 1),
        }
        const parameters = Object.fromEntries(
          Object.entries(inputs).map(([name, { values, shape }]) => [name, b.tensor(values, shape)]),
        )
        const run = (observed: boolean) =>
          b.valueAndGrad(({ x, filters }) => {
            const moments: { mean: typeof x; variance: typeof x }[] = []
            const { result, calls } = operation(b, x!, filters!, observed ? m => void moments.push(m) : undefined)
            expect(moments.length).toBe(observed ? calls : 0)
            return { value: b.sum(b.mul(result, result)), aux: moments }
          }, parameters)
        const [plain, observed] = [run(false), run(true)]
        const read = (tree: object) => Promise.all(Object.values(tree).map(async x => [...(await b.read(x))]))
        expect(await read([observed.value, ...Object.values(observed.gradients)])).toEqual(
          await read([plain.value, ...Object.values(plain.gradients)]),
        )
        const expected = b.moments(parameters.x!)
        for (const moments of observed.aux) expect(await read(moments)).toEqual(await read(expected))
        b.dispose([parameters, plain, observed, expected])
      }),
    ),
    { numRuns: 20 },
  ),
)

test('fixed statistics are not observed, and observed ones are of the scope', () =>
  onReference(async b => {
    const x = b.tensor([1, 10, 3, 30], [2, 2])
    const unexpected = () => expect.unreachable()
    b.scope(() => {
      const statistics = { mean: b.full(0, [2]), variance: b.full(1, [2]) }
      b.batchNorm(x, { statistics, observe: unexpected })
    })
    expect(b.memory().tensors).toBe(1)
    const mean = b.scope(() => {
      const means: (typeof x)[] = []
      b.batchNorm(x, { observe: ({ mean }) => void means.push(mean) })
      return means[0]!
    })
    expect([...(await b.read(mean))]).toEqual([2, 20])
    expect(b.memory().tensors).toBe(2)
    b.dispose([x, mean])
  }))
