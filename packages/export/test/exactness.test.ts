import { referenceKernels, wasmKernels } from '@cpnas/backends'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { type Comparison, compare, total } from './support/comparison.js'
import { every, type Head, heads, modelOf } from './support/models.js'
import { trainedModel } from './support/trained-model.js'

const wasm = await wasmKernels({ threads: 1, relaxedSimd: true })
afterAll(() => wasm.close())

/** Tells the counts; the share of signs that differ must be small. */
const report = (of: string, comparisons: readonly Comparison[]): void => {
  const { signs, exceptions, alike, images } = total(comparisons)
  console.log(
    `${of}: ${exceptions} of ${signs} signs differ from the engine's, all within rounding of 0; ` +
      `the runner has all signs of ${alike} of ${images} images as the engine has them`,
  )
  expect(signs).toBeGreaterThan(1000)
  expect(exceptions).toBeLessThanOrEqual(1e-3 * signs)
}

const property = async (runs: number, check: (head: Head, seed: number) => Promise<void>, first?: Head) =>
  fc.assert(fc.asyncProperty(heads, fc.nat(1000), check), { numRuns: runs, examples: first ? [[first, 1]] : [] })

/** float64 against float32 factors, and float32 against float64: what a sum of magnitude 1 may be off by. */
const rounding = { reference: 1e-6, wasm: 1e-5 }

describe('a packed Child', () => {
  it('computes what the reference engine does, sign by sign', async () => {
    const all: Comparison[] = []
    await property(40, async (head, seed) => {
      all.push(await compare(referenceKernels(), await modelOf(head, seed), seed, rounding.reference))
    })
    report('untrained, reference', all)
  })

  it('computes what the WebAssembly engine does, sign by sign', async () => {
    const all: Comparison[] = []
    await property(40, async (head, seed) => {
      all.push(await compare(wasm, await modelOf(head, seed), seed, rounding.wasm))
    })
    report('untrained, wasm', all)
  })

  it('computes what they do once it is trained', async () => {
    const onReference: Comparison[] = []
    const onWasm: Comparison[] = []
    await property(
      20,
      async (small, seed) => {
        // Of one pixel there is no variance to normalize by.
        const head = { ...small, image: { ...small.image, height: 3 + small.image.height } }
        const model = await trainedModel(head, seed)
        onReference.push(await compare(referenceKernels(), model, seed, rounding.reference))
        onWasm.push(await compare(wasm, model, seed, rounding.wasm))
      },
      every,
    )
    report('trained, reference', onReference)
    report('trained, wasm', onWasm)
  })
})
