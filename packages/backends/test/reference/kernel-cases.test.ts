import { type Kernels, type ReferenceTensor, referenceKernels } from '@cpnas/backends'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { kernelCases } from '../kernel-cases.js'

const readAll = async (kernels: Kernels<ReferenceTensor>, handles: readonly ReferenceTensor[]) =>
  Promise.all(handles.map(async handle => ({ shape: kernels.shapeOf(handle), values: await kernels.read(handle) })))

describe.each(kernelCases)('%s', (_, cases) => {
  test('leaves nothing behind, and its terms bound its results', () =>
    fc.assert(
      fc.asyncProperty(cases, async ({ run, magnitude }) => {
        const kernels = referenceKernels()
        const results = run(kernels)
        expect(kernels.memory().tensors).toBe(results.length)
        const bounds = magnitude(kernels)
        const [values, magnitudes] = [await readAll(kernels, results), await readAll(kernels, bounds)]
        expect(magnitudes.map(({ shape }) => shape)).toEqual(values.map(({ shape }) => shape))
        values.forEach(({ values }, i) => {
          const bound = magnitudes[i]!.values
          expect(values.every((v, j) => Number.isFinite(v) && Math.abs(v) <= bound[j]! * (1 + 1e-12))).toBe(true)
        })
        for (const handle of [...results, ...bounds]) kernels.free(handle)
        expect(kernels.memory()).toEqual({ tensors: 0, bytes: 0 })
      }),
    ))
})
