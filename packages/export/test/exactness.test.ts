import { referenceKernels, wasmKernels } from '@cpnas/backends'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { type Comparison, compare, total } from './support/comparison.js'
import { heads, modelOf } from './support/models.js'

const report = (engine: string, { signs, exceptions, alike, images }: Comparison): void => {
  console.log(
    `packed against ${engine}: ${exceptions} of ${signs} signs differ, all within rounding of 0; ` +
      `${alike} of ${images} images have the same signs throughout in the runner`,
  )
}

const wasm = await wasmKernels({ threads: 1, relaxedSimd: true })
afterAll(() => wasm.close())

describe('a packed Child', () => {
  it('computes what the reference engine does, sign by sign', async () => {
    const all: Comparison[] = []
    await fc.assert(
      fc.asyncProperty(heads, fc.nat(1000), async (head, seed) => {
        all.push(await compare(referenceKernels(), await modelOf(head, seed), seed, 1e-6))
      }),
      { numRuns: 60 },
    )
    report('reference', total(all))
  })

  it('computes what the WebAssembly engine does, sign by sign', async () => {
    const all: Comparison[] = []
    await fc.assert(
      fc.asyncProperty(heads, fc.nat(1000), async (head, seed) => {
        all.push(await compare(wasm, await modelOf(head, seed), seed, 1e-5))
      }),
      { numRuns: 60 },
    )
    report('wasm', total(all))
  })
})
