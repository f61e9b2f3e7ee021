import { referenceKernels } from '@cpnas/backends'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { openWebgpu } from '../../../dist/tfjs/open/webgpu.js'
import { kernelCases } from '../../kernel-cases.js'
import { kernelError } from '../../kernel-errors.js'
import { openIfThere } from '../open.js'
import { isTested, productKernels } from './products.js'

const runtime = await openIfThere(openWebgpu)

describe.runIf(runtime)('WebGPU programs equal the reference', () => {
  const kernels = productKernels(runtime!)
  const reference = referenceKernels()
  afterAll(() => runtime!.close())

  test.each(kernelCases.filter(([name]) => isTested(name)))('%s', async (_, cases) => {
    await fc.assert(
      fc.asyncProperty(cases, async kernelCase => {
        const before = kernels.memory()
        const { ratio, where } = await kernelError(kernels, reference, kernelCase)
        if (ratio > 1) throw new Error(where)
        expect(kernels.memory()).toEqual(before)
      }),
      { numRuns: Number(process.env.RUNS ?? 60) },
    )
  })
})
