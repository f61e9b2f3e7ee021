import { referenceKernels } from '@cpnas/backends'
import { expect, test } from 'vitest'

test('a handle given as `into` is consumed', async () => {
  const kernels = referenceKernels()
  const x = kernels.fromValues([1, 2], [2])
  const sum = kernels.accumulate(kernels.fill(10, [2]), x)
  expect([...(await kernels.read(sum))]).toEqual([11, 12])
  expect(kernels.memory()).toEqual({ tensors: 2, bytes: 32 })
  const into = kernels.fill(1, [2])
  kernels.affineSum([{ x }], undefined, into)
  expect(() => kernels.free(into)).toThrow('freed twice')
})

test('a consumed handle that shares its values leaves the other handle as it was', async () => {
  const kernels = referenceKernels()
  const x = kernels.fromValues([1, 2], [2])
  const alias = kernels.reshape(x, [2])
  expect([...(await kernels.read(kernels.accumulate(alias, x)))]).toEqual([2, 4])
  expect([...(await kernels.read(x))]).toEqual([1, 2])
})

test('what was read is a copy', async () => {
  const kernels = referenceKernels()
  const x = kernels.fill(1, [2])
  const values = await kernels.read(x)
  values[0] = 5
  expect([...(await kernels.read(x))]).toEqual([1, 1])
})

test('relu and max keep NaN; argMax takes the first of equal maxima', async () => {
  const kernels = referenceKernels()
  const x = kernels.fromValues([Number.NaN, 2, 2], [3])
  expect([...(await kernels.read(kernels.unary('relu', x)))]).toEqual([Number.NaN, 2, 2])
  expect([...(await kernels.read(kernels.binary('max', x, kernels.fill(3, []))))]).toEqual([Number.NaN, 3, 3])
  expect([...(await kernels.read(kernels.argMax(kernels.fromValues([1, 2, 2], [3]))))]).toEqual([1])
})
