import { type Kernels, referenceKernels, wasmKernels } from '@cpnas/backends'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { type KernelCase, kernelCases } from '../kernel-cases.js'

/** Half the distance from 1 to the next float32. */
const UNIT = 2 ** -24

const reference = referenceKernels()

const valuesOf = async <H>(kernels: Kernels<H>, run: KernelCase['run']): Promise<readonly (readonly number[])[]> => {
  const handles = run(kernels)
  const values = await Promise.all(handles.map(async handle => [...(await kernels.read(handle))]))
  for (const handle of handles) kernels.free(handle)
  return values
}

/**
 * An output is a sum of products; each of its `terms` roundings errs by at most `UNIT` of the sum of absolute terms
 * (`magnitude`), whatever the order of summation (Higham, Accuracy and Stability of Numerical Algorithms, 4.2). Operands
 * are float32 on both sides, so nothing else differs. The factor 2 covers rounding within a term.
 */
const bound = (terms: number, magnitude: number): number => 2 * UNIT * (terms + 4) * magnitude + 1e-37

describe.each([
  { threads: 1, relaxedSimd: true },
  { threads: 2, relaxedSimd: true },
  { threads: 1, relaxedSimd: false },
])('wasm equals reference within the bound of float32: %o', async options => {
  const wasm = await wasmKernels(options)
  afterAll(() => wasm.close())

  test.each(kernelCases)('%s', async (_, cases) => {
    await fc.assert(
      fc.asyncProperty(cases, async kernelCase => {
        const before = wasm.memory()
        const [expected, actual, magnitude] = await Promise.all([
          valuesOf(reference, kernelCase.run),
          valuesOf(wasm, kernelCase.run),
          valuesOf(reference, kernelCase.magnitude),
        ])
        expected.forEach((output, o) => {
          expect(actual[o]).toHaveLength(output.length)
          output.forEach((value, i) => {
            const allowed = bound(kernelCase.terms, magnitude[o]![i]!)
            if (!(Math.abs(actual[o]![i]! - value) <= allowed))
              throw new Error(`output ${o}, element ${i}: ${actual[o]![i]} instead of ${value}, allowed ${allowed}`)
          })
        })
        expect(wasm.memory()).toEqual(before)
      }),
      { numRuns: 60 },
    )
  })
})
