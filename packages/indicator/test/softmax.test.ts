import { softmax } from '@cpnas/indicator'
import fc from 'fast-check'
import { expect, test } from 'vitest'

const zbars = fc.array(fc.double({ min: -10, max: 10, noNaN: true }), { minLength: 1, maxLength: 8 })
const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0)

test('worked by hand', () => {
  expect(softmax([0, Math.log(3)])[0]).toBeCloseTo(0.25, 15)
  expect(softmax([0.3])).toEqual([1])
})

test('is positive and sums to 1', () => {
  fc.assert(
    fc.property(zbars, values => {
      const e = softmax(values)
      expect(Math.min(...e)).toBeGreaterThan(0)
      expect(sum(e)).toBeCloseTo(1, 12)
    }),
  )
})

test('does not change when all values are shifted', () => {
  fc.assert(
    fc.property(zbars, fc.integer({ min: -1000, max: 1000 }), (values, shift) => {
      const shifted = softmax(values.map(value => value + shift))
      softmax(values).forEach((e, k) => {
        expect(shifted[k]).toBeCloseTo(e, 10)
      })
    }),
  )
})

test('does not overflow', () => {
  expect(softmax([1e6, 1e6])).toEqual([0.5, 0.5])
})

test('is monotone', () => {
  fc.assert(
    fc.property(zbars, values => {
      const e = softmax(values)
      values.forEach((a, i) => {
        values.forEach((b, j) => {
          if (a < b) expect(e[i]).toBeLessThanOrEqual(e[j]!)
        })
      })
    }),
  )
})
