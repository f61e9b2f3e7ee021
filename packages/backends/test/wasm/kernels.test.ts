import { referenceKernels, wasmKernels } from '@cpnas/backends'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { kernelCases } from '../kernel-cases.js'
import { holdToReference } from '../kernel-errors.js'
import { withOneDnn } from './onednn.js'

const reference = referenceKernels()

describe.each([
  { threads: 1, relaxedSimd: true },
  { threads: 2, relaxedSimd: true },
  { threads: 1, relaxedSimd: false },
  ...withOneDnn({ threads: 1 }),
  ...withOneDnn({ threads: 2 }),
])('wasm equals reference within the bound of float32: %o', async options => {
  const wasm = await wasmKernels(options)
  afterAll(() => wasm.close())

  test.each(kernelCases)('%s', async (_, cases) => {
    await fc.assert(
      fc.asyncProperty(cases, async kernelCase => {
        const before = wasm.memory()
        // What no kernel has written is NaN.
        wasm.free(wasm.fill(Number.NaN, [2 ** 18]))
        await holdToReference(wasm, reference, kernelCase)
        expect(wasm.memory()).toEqual(before)
      }),
      { numRuns: 60 },
    )
  })
})
