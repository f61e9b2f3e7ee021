import { convGeometry, type Kernels, outputShape, referenceKernels, wasmKernels } from '@cpnas/backends'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { dyadics, seeds } from '../arbitraries.js'
import { withBfloat16, withOneDnn } from './onednn.js'

const reference = referenceKernels()
const engines = await Promise.all(
  [{}, ...withOneDnn({}), ...withBfloat16({})].map(one => wasmKernels({ threads: 1, ...one })),
)
afterAll(() => Promise.all(engines.map(engine => engine.close())))

/** More channels than the kernels' own cases have: they fill blocks of 16 or 32, or not. Sums of multiples of 1/64 are exact in float32. */
const cases = fc.record({
  inputs: fc.oneof(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 72 })),
  outputs: fc.integer({ min: 1, max: 40 }),
  height: fc.integer({ min: 4, max: 6 }),
  width: fc.constantFrom(6, 12, 16),
  size: fc.constantFrom(1, 3, 3, 3, 5),
  stride: fc.constantFrom(1, 1, 2),
  dilation: fc.integer({ min: 1, max: 3 }),
  seed: seeds,
})

test('convolutions of many channels and their gradients are those of the reference, to the last bit', async () => {
  await fc.assert(
    fc.asyncProperty(cases, async ({ inputs, outputs, height, width, size, stride, dilation, seed }) => {
      const [imageShape, filterShape] = [
        [2, height, width, inputs],
        [size, size, inputs, outputs],
      ]
      const g = convGeometry(imageShape, filterShape, { stride, dilation })
      const results = async <H>(engine: Kernels<H>) => {
        const filled = (shape: readonly number[], i: number) =>
          engine.fromValues(
            dyadics(
              shape.reduce((a, b) => a * b, 1),
              seed + i,
            ),
            shape,
          )
        const [x, w, dy] = [filled(imageShape, 0), filled(filterShape, 1), filled(outputShape(g), 2)]
        const plain = { activation: 'identity' } as const
        const y = engine.conv2d(x, w, g, plain)
        const { input, filters } = engine.conv2dGrad({ dy }, w, x, g, plain, { input: {}, filters: true })
        const values = await Promise.all([y, input!, filters!].map(async handle => [...(await engine.read(handle))]))
        for (const handle of [x, w, dy, y, input!, filters!]) engine.free(handle)
        return values
      }
      const expected = await results(reference)
      for (const engine of engines)
        expect({ engine: engine.name, values: await results(engine) }).toEqual({
          engine: engine.name,
          values: expected,
        })
    }),
    { numRuns: 40 },
  )
})
