import { type Kernels, wasmKernels } from '@cpnas/backends'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { type KernelCase, kernelCases } from '../kernel-cases.js'
import { withBfloat16, withOneDnn } from './onednn.js'

const pairs = await Promise.all(
  [{}, ...withOneDnn({}), ...withBfloat16({})].map(async options => ({
    name: 'bfloat16' in options ? 'with oneDNN and bfloat16' : 'oneDnn' in options ? 'with oneDNN' : 'alone',
    one: await wasmKernels({ threads: 1, ...options }),
    three: await wasmKernels({ threads: 3, ...options }),
  })),
)
afterAll(() => Promise.all(pairs.flatMap(({ one, three }) => [one.close(), three.close()])))

const bitsOf = async <H>(kernels: Kernels<H>, run: KernelCase['run']): Promise<readonly (readonly number[])[]> => {
  const handles = run(kernels)
  const values = await Promise.all(handles.map(handle => kernels.read(handle)))
  for (const handle of handles) kernels.free(handle)
  return values.map(v => [...new Uint32Array(Float32Array.from(v).buffer)])
}

describe.each(pairs)('wasm $name', ({ one, three }) => {
  test.each(kernelCases)('%s gives the same bits on one thread and on three', async (_, cases) => {
    await fc.assert(
      fc.asyncProperty(cases, async ({ run }) => {
        expect(await bitsOf(three, run)).toEqual(await bitsOf(one, run))
      }),
      { numRuns: 20 },
    )
  })

  test('a large convolution is shared out and still gives the same bits', async () => {
    const shape = [8, 32, 32, 16]
    const x = Float32Array.from({ length: 8 * 32 * 32 * 16 }, (_, i) => Math.sin(i))
    const w = Float32Array.from({ length: 9 * 16 * 16 }, (_, i) => Math.cos(i))
    const geometry = {
      ...{ batch: 8, inHeight: 32, inWidth: 32, inChannels: 16, outHeight: 32, outWidth: 32, outChannels: 16 },
      ...{ kernelHeight: 3, kernelWidth: 3, stride: 1, dilation: 1, padTop: 1, padLeft: 1 },
    }
    const run: KernelCase['run'] = kernels => {
      const [image, filters] = [kernels.fromValues(x, shape), kernels.fromValues(w, [3, 3, 16, 16])]
      const y = kernels.conv2d(image, filters, geometry, { activation: 'relu' })
      const { input, filters: gradient } = kernels.conv2dGrad(
        { dy: y },
        filters,
        image,
        geometry,
        { activation: 'relu' },
        { input: {}, filters: true },
      )
      for (const handle of [image, filters]) kernels.free(handle)
      return [y, input!, gradient!]
    }
    for (let i = 0; i < 20; i++) expect(await bitsOf(three, run)).toEqual(await bitsOf(one, run))
  })
})

test('jobs that follow each other closely never mix, with more threads than cores', async () => {
  const kernels = await wasmKernels({ threads: 6 })
  const sizes = [2 * 16_384, 9 * 16_384 + 5]
  const xs = sizes.map(size => kernels.fill(1, [size]))
  const rounds = 1500
  let wrong = 0
  for (let i = 0; i < rounds; i++) {
    const y = kernels.linearCombination(i, xs[i % 2]!, 1, xs[i % 2]!)
    const sum = kernels.sum(y)
    const [total] = await kernels.read(sum)
    if (Math.abs(total! / (sizes[i % 2]! * (i + 1)) - 1) > 1e-6) wrong++
    kernels.free(y)
    kernels.free(sum)
  }
  expect(wrong).toBe(0)
  await kernels.close()
})
