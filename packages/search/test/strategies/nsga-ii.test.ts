import {
  type CostOf,
  crowding,
  dominates,
  excess,
  fronts,
  type Goals,
  needsCost,
  presets,
  type SearchConfig,
  samplesOf,
  searchWith,
  strategyOf,
  tableEvaluator,
} from '@cpnas/search'
import type { Genotype } from '@cpnas/supernet'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

const point = fc.record({ accuracy: fc.nat(6), cost: fc.nat(6) })
const points = fc.array(point, { minLength: 1, maxLength: 20 })
const self = (goals: Goals): Goals => goals

describe('fronts', () => {
  it('are a partition in which nothing of a front dominates anything of its own or an earlier one', () => {
    fc.assert(
      fc.property(points, values => {
        const found = fronts(values, self)
        expect(found.flat().toSorted(byGoals)).toEqual(values.toSorted(byGoals))
        for (const [i, front] of found.entries())
          for (const one of front) {
            for (const other of found.slice(i).flat()) expect(dominates(other, one)).toBe(false)
            if (i > 0) expect(found[i - 1]!.some(other => dominates(other, one))).toBe(true)
          }
      }),
    )
  })

  it('worked by hand', () => {
    const [a, b, c, d] = [
      { accuracy: 9, cost: 9 },
      { accuracy: 5, cost: 3 },
      { accuracy: 5, cost: 4 },
      { accuracy: 2, cost: 5 },
    ]
    expect(fronts([d, c, b, a], self)).toEqual([[b, a], [c], [d]])
  })
})

const byGoals = (a: Goals, b: Goals): number => a.accuracy - b.accuracy || a.cost - b.cost

it('crowding: the ends are alone, in between the distance of the neighbours, worked by hand', () => {
  const front = [
    { accuracy: 10, cost: 10 },
    { accuracy: 0, cost: 0 },
    { accuracy: 5, cost: 2 },
    { accuracy: 8, cost: 4 },
  ]
  // Of the third: (8 - 0) / 10 + (4 - 0) / 10; of the last: (10 - 5) / 10 + (10 - 2) / 10.
  const [first, second, third, last] = crowding(front)
  expect([first, second]).toEqual([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY])
  expect(third).toBeCloseTo(1.2)
  expect(last).toBeCloseTo(1.3)
  expect(crowding([front[0]!])).toEqual([Number.POSITIVE_INFINITY])
})

describe('a search with two goals', () => {
  const config: SearchConfig = {
    ...presets.cifar10,
    space: 'residual',
    operations: ['none', 'conv_1x1', 'conv_3x3', 'max_pool_3x3'],
    strategy: 'nsga-ii',
    samples: 400,
    population: 20,
  }
  const worth: Readonly<Record<string, number>> = { none: 0, conv_1x1: 1, conv_3x3: 3, max_pool_3x3: 0.5 }
  const price: Readonly<Record<string, number>> = { none: 0, conv_1x1: 1, conv_3x3: 6, max_pool_3x3: 2 }
  const sum = (values: Readonly<Record<string, number>>, { normal, reduce }: Genotype): number =>
    [...normal, ...reduce].reduce((total, name) => total + values[name]!, 0)
  const costOf: CostOf = genotype => ({ milliseconds: sum(price, genotype), kilobytes: sum(price, genotype) })
  const table = tableEvaluator(genotype => ({ child: { accuracy: sum(worth, genotype) / 100, loss: 0 } }))
  const searched = async (options: Partial<SearchConfig>) => {
    const found = await searchWith(strategyOf({ ...config, ...options }, costOf), table)()
    if (found._tag === 'Left' || found.right.status !== 'finished') throw new Error('unfinished')
    return found.right
  }
  /** The area that the front of the samples dominates, of all. */
  const area = async (options: Partial<SearchConfig>): Promise<number> => {
    const { state } = await searched(options)
    const goals = samplesOf(state).map(({ architecture }) => ({
      accuracy: sum(worth, architecture),
      cost: sum(price, architecture),
    }))
    const front = fronts(goals, self)[0]!.toSorted(byGoals)
    return (
      front.reduce(
        (total, { accuracy, cost }, i) => total + (accuracy - (front[i - 1]?.accuracy ?? 0)) * (96 - cost),
        0,
      ) /
      (48 * 96)
    )
  }

  it('covers more of both goals than as many random samples, for every seed', async () => {
    for (const seed of [0, 1, 2, 3, 4])
      expect(await area({ seed })).toBeGreaterThan((await area({ seed, strategy: 'random' })) + 0.05)
  })

  it.each(['random', 'regularized-evolution', 'bayesian', 'nsga-ii'])(
    '%s looks at nothing that misses its target',
    async strategy => {
      const { state, genotype } = await searched({ strategy, samples: 30, targetMs: 20 })
      for (const { architecture } of samplesOf(state)) expect(costOf(architecture).milliseconds).toBeLessThanOrEqual(20)
      expect(costOf(genotype).milliseconds).toBeLessThanOrEqual(20)
    },
  )

  it('takes what is closest where a target cannot be met', async () => {
    const { state } = await searched({
      strategy: 'random',
      samples: 3,
      targetKb: 0.5,
      operations: ['conv_1x1', 'conv_3x3'],
    })
    for (const { architecture } of samplesOf(state)) expect(costOf(architecture).kilobytes).toBeLessThan(60)
  })
})

it('a target is missed by the larger excess, as a share', () => {
  const cost = { milliseconds: 3, kilobytes: 30 }
  expect(excess({ targetMs: 2, targetKb: 0 }, cost)).toBe(0.5)
  expect(excess({ targetMs: 6, targetKb: 25 }, cost)).toBeCloseTo(0.2)
  expect(excess({ targetMs: 0, targetKb: 0 }, cost)).toBe(Number.NEGATIVE_INFINITY)
  expect(needsCost({ ...presets.quick, targetKb: 1 })).toBe(true)
  expect(needsCost(presets.quick)).toBe(false)
})
