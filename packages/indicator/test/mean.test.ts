import { mean } from '@cpnas/indicator'
import fc from 'fast-check'
import { expect, test } from 'vitest'

test('worked by hand', () => {
  expect(mean([0.5, 0.25, 0.75])).toBe(0.5)
})

test('lies between the smallest and the largest z', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: -10, max: 10, noNaN: true }), { minLength: 1 }), zs => {
      expect(mean(zs)).toBeGreaterThanOrEqual(Math.min(...zs) - 1e-12)
      expect(mean(zs)).toBeLessThanOrEqual(Math.max(...zs) + 1e-12)
    }),
  )
})
