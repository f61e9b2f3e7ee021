import { z } from '@cpnas/indicator'
import fc from 'fast-check'
import { expect, test } from 'vitest'

const accuracy = fc.double({ min: 0, max: 1, noNaN: true })
const betaP = fc.double({ min: 0, max: 10, noNaN: true })

test('worked by hand', () => {
  expect(z(0.75, 0.5, 2)).toBe(1)
  expect(z(0.625, 0.5, 0.5)).toBe(0.5625)
  expect(z(0.25, 0.5, 2)).toBe(0)
})

test('betaP 0 is the accuracy of the Child', () => {
  fc.assert(
    fc.property(accuracy, accuracy, (parent, child) => {
      expect(z(parent, child, 0)).toBe(child)
    }),
  )
})

test('is betaP * A_P + (1 - betaP) * A_C', () => {
  fc.assert(
    fc.property(accuracy, accuracy, betaP, (parent, child, beta) => {
      expect(z(parent, child, beta)).toBeCloseTo(beta * parent + (1 - beta) * child, 12)
    }),
  )
})

test('grows with the accuracy of the Parent', () => {
  fc.assert(
    fc.property(accuracy, accuracy, accuracy, betaP, (a, b, child, beta) => {
      expect(z(Math.max(a, b), child, beta)).toBeGreaterThanOrEqual(z(Math.min(a, b), child, beta))
    }),
  )
})
