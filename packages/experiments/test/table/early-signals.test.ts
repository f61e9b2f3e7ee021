import { generatorFor } from '@cpnas/core'
import { allCells, keyOf, type Table } from '@cpnas/table'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { tableFacts, tableFigures } from '../../../../test/support/table-facts.js'
import { earlySignals } from '../../src/table/early-signals.js'

/** Numbers that follow from a seed, uniform in -0.05..0.05. */
const noise = (seed: number): number => (generatorFor(seed, 'noise').next() / 2 ** 32) * 0.1

/** A table of so many cells, one epoch: the Child's seeds as given by the number of the architecture. */
const tableOf = (
  count: number,
  of: (i: number, convolutions: number) => { readonly child: number; readonly parent: number; readonly final: number },
): Table => ({
  ...tableFacts(1),
  entries: new Map(
    allCells()
      .slice(-count)
      .map((cell, i) => {
        const convolutions = cell.filter(operation => operation === 'conv_3x3').length
        const { child, parent, final } = of(i, convolutions)
        const training = (validation: number, test: number) => ({
          seed: 0,
          validation: [validation],
          test,
          loss: 1,
          lossValidation: 1,
        })
        return [
          keyOf(cell),
          {
            cell,
            child: [training(child, 0), training(0, final)],
            parent: [training(parent, 0)],
            ...tableFigures(convolutions),
          },
        ]
      }),
  ),
})

describe('early accuracies', () => {
  test('a Child that ends as 0.3 of its own and 0.6 of its Parent: all is explained, with a beta_P of two thirds', () => {
    fc.assert(
      fc.property(fc.integer({ min: 8, max: 200 }), count => {
        const table = tableOf(count, i => {
          const [child, parent] = [noise(i), noise(3 * i + 7)]
          return { child, parent, final: 0.1 + 0.3 * child + 0.6 * parent }
        })
        const [{ both, betaP, betaPError, child, parent }] = earlySignals(table) as [ReturnType<typeof earlySignals>[0]]
        expect(both).toBeCloseTo(1, 9)
        expect(betaP).toBeCloseTo(2 / 3, 9)
        expect(betaPError).toBeCloseTo(0, 6)
        expect(Math.max(child, parent)).toBeLessThanOrEqual(both + 1e-12)
      }),
    )
  })

  test('a Parent that knows the number of convolutions only tells nothing of architectures with the same number', () => {
    const table = tableOf(300, (i, convolutions) => ({
      child: noise(i),
      parent: 0.1 * convolutions + 0.001 * noise(5 * i + 3),
      final: 0.1 * convolutions + noise(i),
    }))
    const [over] = earlySignals(table)
    const [within] = earlySignals(table, { within: true })
    expect(over!.parent).toBeGreaterThan(0.5)
    expect(within!.parent).toBeLessThan(0.05)
    expect(within!.child).toBeCloseTo(1, 6)
    expect(Math.abs(within!.betaP)).toBeLessThan(0.05)
  })

  test('the error of beta_P is what it spreads by', () => {
    // 100 tables of 60 architectures with other noise: the estimates spread by their own error, within a fifth.
    const estimates = Array.from({ length: 100 }, (_, k) => {
      const [one] = earlySignals(
        tableOf(60, i => {
          const [child, parent] = [noise(i + 1000 * k), noise(3 * i + 7 + 500 * k)]
          return { child, parent, final: 0.4 * child + 0.5 * parent + 0.5 * noise(7 * i + 77 * k + 5) }
        }),
      )
      return one!
    })
    const mean = estimates.reduce((sum, { betaP }) => sum + betaP, 0) / estimates.length
    const spread = Math.sqrt(estimates.reduce((sum, { betaP }) => sum + (betaP - mean) ** 2, 0) / 99)
    const stated = estimates.reduce((sum, { betaPError }) => sum + betaPError, 0) / estimates.length
    expect(mean).toBeCloseTo(5 / 9, 1)
    expect(spread / stated).toBeGreaterThan(0.8)
    expect(spread / stated).toBeLessThan(1.25)
  })
})
