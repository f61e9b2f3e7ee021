import { convGeometry, type Geometry, type Kernels, type Padding, referenceKernels, wasmKernels } from '@cpnas/backends'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { dyadics, floats, seeds } from '../arbitraries.js'
import { withBfloat16, withOneDnn } from './onednn.js'

const reference = referenceKernels()
const engines = await Promise.all(
  [{}, { relaxedSimd: false }, { threads: 3 }, ...withOneDnn({}), ...withBfloat16({})].map(options =>
    wasmKernels({ threads: 1, ...options }),
  ),
)
afterAll(() => Promise.all(engines.map(engine => engine.close())))

interface Convolution {
  readonly imageShape: readonly [number, number, number, number]
  readonly filterShape: readonly [number, number, number, number]
  readonly geometry: Geometry
  readonly activation: 'sign' | 'sign-polynomial'
  readonly normalized: boolean
  readonly seed: number
}

const border = fc.integer({ min: -1, max: 3 })
const paddings: fc.Arbitrary<Padding> = fc.record({ top: border, bottom: border, left: border, right: border })

/** Windows of every kind; channels that fill groups of four and of sixteen or not, and so many that sums outgrow a byte within a tap. */
const convolutions: fc.Arbitrary<Convolution> = fc
  .record({
    batch: fc.integer({ min: 1, max: 3 }),
    height: fc.integer({ min: 1, max: 8 }),
    width: fc.integer({ min: 1, max: 9 }),
    inputs: fc.oneof(
      { weight: 5, arbitrary: fc.integer({ min: 1, max: 12 }).map(n => 4 * n) },
      fc.constantFrom(96, 252, 260, 512),
      fc.integer({ min: 1, max: 20 }),
    ),
    outputs: fc.oneof(fc.integer({ min: 1, max: 48 }), fc.integer({ min: 49, max: 150 })),
    kernelHeight: fc.integer({ min: 1, max: 4 }),
    kernelWidth: fc.integer({ min: 1, max: 4 }),
    stride: fc.integer({ min: 1, max: 3 }),
    dilation: fc.integer({ min: 1, max: 3 }),
    padding: fc.option(paddings, { nil: undefined }),
    activation: fc.constantFrom('sign' as const, 'sign-polynomial' as const),
    normalized: fc.boolean(),
    seed: seeds,
  })
  .map(({ batch, height, width, inputs, outputs, kernelHeight, kernelWidth, stride, dilation, padding, ...rest }) => {
    const imageShape = [batch, height, width, inputs] as const
    const filterShape = [kernelHeight, kernelWidth, inputs, outputs] as const
    const spanY = dilation * (kernelHeight - 1) + 1
    const spanX = dilation * (kernelWidth - 1) + 1
    const fits =
      padding === undefined ||
      (height + padding.top + padding.bottom >= spanY && width + padding.left + padding.right >= spanX)
    const geometry = convGeometry(imageShape, filterShape, {
      stride,
      dilation,
      ...(fits && padding !== undefined && { padding }),
    })
    return { imageShape, filterShape, geometry, ...rest }
  })

const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1)

/** Filters of these scales, with signs by chance. */
const filtersOf = ({ filterShape, seed }: Convolution, scales: readonly number[]): readonly number[] =>
  floats(sizeOf(filterShape), seed + 1).map((v, i) => (v < 0 ? -1 : 1) * scales[i % scales.length]!)

const resultOf = async <H>(
  engine: Kernels<H>,
  { imageShape, filterShape, geometry, activation, normalized, seed }: Convolution,
  filters: readonly number[],
): Promise<readonly number[]> => {
  const channels = imageShape[3]
  const x = engine.fromValues(dyadics(sizeOf(imageShape), seed), imageShape)
  const w = engine.fromValues(filters, filterShape)
  const affine = normalized
    ? {
        scale: engine.fromValues(dyadics(channels, seed + 2), [channels]),
        shift: engine.fromValues(dyadics(channels, seed + 3), [channels]),
      }
    : undefined
  const y = engine.conv2d(x, w, geometry, { activation, ...(affine && { affine }) })
  const moments = engine.moments(y)
  // A sum of nothing times a scale may be -0, which adding 0 makes 0.
  const values = [...(await engine.read(y))].map(value => value + 0)
  for (const handle of [x, w, y, moments.mean, moments.variance, ...(affine ? [affine.scale, affine.shift] : [])])
    engine.free(handle)
  return values
}

describe('convolutions of signs with 1-bit filters', () => {
  test('are those of the reference, to the last bit', async () => {
    await fc.assert(
      fc.asyncProperty(convolutions, fc.boolean(), async (convolution, spoilt) => {
        const scales = dyadics(convolution.filterShape[3], convolution.seed + 4)
        const whole = filtersOf(convolution, scales)
        // One filter of another size: they are no longer 1-bit.
        const filters = spoilt ? whole.with(whole.length - 1, 0.375) : whole
        const values = await resultOf(reference, convolution, filters)
        for (const engine of engines)
          expect({ engine: engine.name, values: await resultOf(engine, convolution, filters) }).toEqual({
            engine: engine.name,
            values,
          })
      }),
      { numRuns: 150 },
    )
  })

  test.each([28, 84, 252, 512])('hold the sum of %i channels that all agree', async channels => {
    const shape = [1, 3, 3, channels]
    const geometry = convGeometry(shape, [3, 3, channels, 17], {})
    for (const engine of engines) {
      const x = engine.fill(-1, shape)
      const w = engine.fill(-0.5, [3, 3, channels, 17])
      const y = engine.conv2d(x, w, geometry, { activation: 'sign' })
      const inside = [4, 6, 4, 6, 9, 6, 4, 6, 4]
      expect([...(await engine.read(y))]).toEqual(inside.flatMap(taps => Array<number>(17).fill(0.5 * taps * channels)))
      for (const handle of [x, w, y]) engine.free(handle)
    }
  })

  test('hold the sum of more products than are counted', async () => {
    const shape = [1, 5, 5, 2624]
    const geometry = convGeometry(shape, [5, 5, 2624, 1], { padding: { top: 0, bottom: 0, left: 0, right: 0 } })
    for (const engine of engines) {
      const x = engine.fill(-1, shape)
      const w = engine.fill(-0.5, [5, 5, 2624, 1])
      const y = engine.conv2d(x, w, geometry, { activation: 'sign' })
      expect([...(await engine.read(y))]).toEqual([32_800])
      for (const handle of [x, w, y]) engine.free(handle)
    }
  })

  test('are counted, so that whatever the scale they are rounded once', async () => {
    const one = engines[0]!
    await fc.assert(
      fc.asyncProperty(convolutions, async convolution => {
        fc.pre(convolution.imageShape[3] % 4 === 0)
        const outputs = convolution.filterShape[3]
        const scales = floats(outputs, convolution.seed + 4).map(Math.abs)
        const signs = filtersOf(convolution, Array<number>(outputs).fill(1))
        const sums = await resultOf(reference, convolution, signs)
        expect(await resultOf(one, convolution, filtersOf(convolution, scales))).toEqual(
          sums.map((sum, i) => Math.fround(sum * scales[i % outputs]!) + 0),
        )
      }),
      { numRuns: 50 },
    )
  })
})
