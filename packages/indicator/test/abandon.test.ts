import { abandon, mean, softmax, z } from '@cpnas/indicator'
import fc from 'fast-check'
import { expect, test } from 'vitest'

test('the lowest goes', () => {
  expect(abandon([0.5, 0.2, 0.3])).toBe(1)
})

test('at a tie the first goes', () => {
  expect(abandon([0.4, 0.1, 0.4, 0.1])).toBe(1)
  expect(abandon([0.25, 0.25, 0.25, 0.25])).toBe(0)
})

test('by e is by the mean of z', () => {
  const share = fc.integer({ min: 0, max: 1000 }).map(hits => hits / 1000)
  const accuracies = fc.array(fc.tuple(share, share), { minLength: 3, maxLength: 3 })
  fc.assert(
    fc.property(
      fc.array(accuracies, { minLength: 1, maxLength: 8 }),
      fc.integer({ min: 0, max: 8 }).map(n => n / 4),
      (operations, betaP) => {
        const zbars = operations.map(passes => mean(passes.map(([parent, child]) => z(parent, child, betaP))))
        const lowest = Math.min(...zbars)
        expect(zbars[abandon(softmax(zbars))]).toBeCloseTo(lowest, 14)
        expect(zbars[abandon(zbars)]).toBe(lowest)
      },
    ),
  )
})
