import { referenceKernels } from '@cpnas/backends'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { kernelCases } from '../kernel-cases.js'
import { holdToReference } from '../kernel-errors.js'
import { specialCases } from '../special-cases.js'
import { tfjsEngines } from './engines.js'

const reference = referenceKernels()

describe.each(tfjsEngines)('$name equals reference', async ({ name, slack, runs, open }) => {
  const opened = await open()
  if (opened === undefined) {
    test.skip(`${name} is not available here`)
    return
  }
  const { kernels, held } = opened
  afterAll(() => kernels.close())

  test.each(specialCases)('what is no number or infinite, in %s', async (_, cases) => {
    await fc.assert(
      fc.asyncProperty(cases, async kernelCase => {
        await holdToReference(kernels, reference, kernelCase)
      }),
      { numRuns: runs },
    )
  })

  test.each(kernelCases)('%s within the bound of float32', async (kernel, cases) => {
    await fc.assert(
      fc.asyncProperty(cases, async kernelCase => {
        const before = held()
        await holdToReference(kernels, reference, kernelCase, slack[kernel])
        expect(held()).toEqual(before)
      }),
      { numRuns: runs },
    )
  })
})
