import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { oneBitFilter, packSigns, scaledFilters, thresholdsOf } from '../src/lower/fold.js'
import { Refusal } from '../src/refusal.js'

const of = (...values: readonly number[]) => Float64Array.from(values)
const filters = (shape: readonly number[], ...values: readonly number[]) =>
  ({ kind: 'constant', shape, values: Float32Array.from(values) }) as const

describe('thresholds', () => {
  it('are the least sum that is not negative once it is scaled and shifted', () => {
    // 0.5 s - 1.2 >= 0 from s = 2.4 on; 0.5 s + 1.2 >= 0 from -2.4 on; 0.5 s - 1 >= 0 from 2 on; 2 s >= 0 from 0 on.
    const { thresholds, turned } = thresholdsOf(of(0.5, 0.5, 0.5, 2), of(-1.2, 1.2, -1, 0))
    expect([...thresholds]).toEqual([3, -2, 2, 0])
    expect(turned).toEqual([false, false, false, false])
  })

  it('are those of the turned filter where the factor is negative', () => {
    // -0.5 s + 1.2 >= 0 up to s = 2.4, so -s from -2.4 on; -0.5 s - 1 >= 0 up to s = -2, so -s from 2 on.
    const { thresholds, turned } = thresholdsOf(of(-0.5, -0.5), of(1.2, -1))
    expect([...thresholds]).toEqual([-2, 2])
    expect(turned).toEqual([true, true])
  })

  it('are always or never where the factor is 0 or the shift is out of reach', () => {
    expect([...thresholdsOf(of(0, 0, 0, 1e-30, 1e-30), of(1, 0, -1, 1, -1)).thresholds]).toEqual([
      -32768, -32768, 32767, -32768, 32767,
    ])
  })

  it('decide as the scaled and shifted sum does', () => {
    const number = fc.integer({ min: -1000, max: 1000 }).map(n => n / 8)
    fc.assert(
      fc.property(number, number, fc.integer({ min: -500, max: 500 }), (factor, shift, sum) => {
        const { thresholds, turned } = thresholdsOf(of(factor), of(shift))
        expect((turned[0] ? -sum : sum) >= thresholds[0]!).toBe(sum * factor + shift >= 0)
      }),
      { numRuns: 1000 },
    )
  })
})

describe('1-bit filters', () => {
  it('are an alpha a channel and signs, the first in the lowest bit', () => {
    const { alpha, values } = oneBitFilter(filters([1, 1, 3, 2], 0.5, -2, -0.5, -2, 0.5, 2), 'x')
    expect([...alpha]).toEqual([0.5, 2])
    expect([...packSigns(values)]).toEqual([0b110001])
    expect([...packSigns(values, [false, true])]).toEqual([0b011011])
  })

  it('are refused by name if they are none', () => {
    const call = () => oneBitFilter(filters([1, 1, 2, 2], 0.5, -2, 0.5, 1), 'cells.0.x')
    expect(call).toThrow(Refusal)
    expect(call).toThrow('has a filter cells.0.x that is not of 1 bit: 1 is not +-2')
  })
})

it('a float filter takes the scale of its output channel', () => {
  expect([...scaledFilters(filters([1, 1, 2, 2], 1, 2, 3, 4), of(2, -1))]).toEqual([2, -2, 6, -4])
})
