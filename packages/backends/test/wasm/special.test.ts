import { referenceKernels, wasmKernels } from '@cpnas/backends'
import fc from 'fast-check'
import { afterAll, describe, test } from 'vitest'
import { holdToReference } from '../kernel-errors.js'
import { specialCases } from '../special-cases.js'
import { withOneDnn } from './onednn.js'

const reference = referenceKernels()

describe.each([{ relaxedSimd: true }, { relaxedSimd: false }, ...withOneDnn({})])(
  'wasm equals reference where operands are no numbers or infinite: %o',
  async options => {
    const wasm = await wasmKernels({ threads: 1, ...options })
    afterAll(() => wasm.close())

    test.each(specialCases)('%s', async (_, cases) => {
      await fc.assert(
        fc.asyncProperty(cases, async kernelCase => {
          await holdToReference(wasm, reference, kernelCase)
        }),
      )
    })
  },
)
