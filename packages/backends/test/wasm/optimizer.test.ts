import { backendOf, wasmKernels } from '@cpnas/backends'
import { afterAll, expect, test } from 'vitest'

const kernels = await wasmKernels({ threads: 2 })
afterAll(() => kernels.close())

test('squaredNorm counts every value of every chunk once', async () => {
  const sizes = [1, 3, 16_383, 16_384, 16_385, 40_007]
  for (const parts of [...sizes.map(size => [size]), sizes]) {
    const xs = parts.map(size => kernels.fill(-1, [size]))
    const norm = kernels.squaredNorm(xs)
    expect([...(await kernels.read(norm))]).toEqual([parts.reduce((a, b) => a + b)])
    for (const handle of [...xs, norm]) kernels.free(handle)
  }
})

test('a limit clamps infinities and keeps NaN', async () => {
  const values = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -3, 0.25]
  const [zeros, gradient] = [kernels.fill(0, [5]), kernels.fromValues(values, [5])]
  const update = { parameter: zeros, gradient }
  const updated = kernels.sgdStep([{ ...update, limit: 1 }, update], {
    learningRate: 1,
    momentum: 0.5,
    weightDecay: 0.5,
  })
  expect([...(await kernels.read(updated[0]!.parameter))]).toEqual([Number.NaN, -1, 1, 1, -0.25])
  expect([...(await kernels.read(updated[1]!.parameter))]).toEqual(values.map(v => -v))
})

test('Adam leaves what it read as it was, of all threads', async () => {
  const operands = [0.5, 2, 0, 0].map(value => kernels.fill(value, [50_001]))
  const [parameter, gradient, first, second] = operands
  const update = { parameter: parameter!, gradient: gradient!, first: first!, second: second! }
  const coefficients = { learningRate: 0.25, beta1: 0.5, beta2: 0.75, epsilon: 0, weightDecay: 0, step: 1 }
  const [updated] = kernels.adamStep([update], coefficients)
  const results = [updated!.parameter, updated!.first, updated!.second]
  const values = await Promise.all([...results, ...operands].map(x => kernels.read(x)))
  expect(values.map(v => [...new Set(v)])).toEqual([[0.25], [1], [1], [0.5], [2], [0], [0]])
  for (const handle of [...results, ...operands]) kernels.free(handle)
})

test('the squared norm of no tensors is 0', async () => {
  const backend = backendOf(kernels)
  expect([...(await backend.read(backend.squaredNorm([])))]).toEqual([0])
})
