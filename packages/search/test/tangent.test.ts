import { referenceBackend } from '@cpnas/backends'
import { expect, test } from 'vitest'
import { noCovariance, tangentPropagation } from '../src/evaluators/tangent.js'

test('the gradient along the tangent direction, by hand', async () => {
  const backend = referenceBackend()
  const record = (a: number, b: number) => ({ one: backend.tensor([a], [1, 1]), other: backend.tensor([b], [1]) })
  const read = async ({ one, other }: ReturnType<typeof record>) => [
    ...(await backend.read(one)),
    ...(await backend.read(other)),
  ]
  // The mean outer product of (1, 2) is [1 2; 2 4], times (1, 2) - (0, 1) it is (3, 6): (1, 2) + 2 * 0.5 * (3, 6).
  const first = tangentPropagation(backend, record(1, 2), record(0, 1), noCovariance, 0.5)
  expect(await read(first.gradients as ReturnType<typeof record>)).toEqual([4, 8])
  // With (1, 0) it is [1 1; 1 2], times (1, 0) - (0, 1) it is (0, -1): (1, 0) + (0, -1).
  const second = tangentPropagation(backend, record(1, 0), record(0, 1), first.covariance, 0.5)
  expect(await read(second.gradients as ReturnType<typeof record>)).toEqual([1, -1])
  expect(backend.shape(second.gradients.one!)).toEqual([1, 1])
  expect(second.covariance.count).toBe(2)
})
