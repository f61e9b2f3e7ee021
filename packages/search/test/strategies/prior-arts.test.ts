import { presets, type SearchConfig, type SearchState, type Strategy, samplesOf, strategyOf } from '@cpnas/search'
import { type Genotype, tiny } from '@cpnas/supernet'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { rungsOf } from '../../src/strategies/successive-halving.js'
import { observationOf } from '../observations.js'

const inTiny: SearchConfig = {
  ...presets.quick,
  space: 'tiny',
  evaluator: 'scratch',
  score: 'accuracy',
  warmupEpochs: 0,
}

/** Plays a strategy with a function of the architecture as its accuracy; gives the last state. */
const search = (strategy: Strategy, accuracy: (genotype: Genotype) => number): SearchState => {
  let state: SearchState = strategy.initial
  for (;;) {
    const [proposal] = strategy.ask(state)
    if (proposal === undefined) return state
    state = strategy.tell(state, [observationOf(proposal, accuracy(proposal.architecture))])
  }
}

const convolutions = ({ normal }: Genotype): number => normal.filter(operation => operation === 'conv_3x3').length
/** More convolutions are better, and one pair is worth more than its sum. */
const accuracyOf = (genotype: Genotype): number =>
  0.4 +
  0.03 * convolutions(genotype) +
  (genotype.normal[0] === 'skip_connect' && genotype.normal[4] === 'conv_3x3' ? 0.08 : 0)

describe('in a space with one architecture for all cells', () => {
  it.each([
    'cp-nas',
    'bnas',
    'anti-bandit',
    'random',
    'regularized-evolution',
    'bayesian',
    'reinforce',
    'successive-halving',
    'darts',
    'pc-darts',
    'dcp-nas',
  ])('%s proposes and finds the same for both kinds of cell', name => {
    const strategy = strategyOf({ ...inTiny, strategy: name, samples: 20, epochsPerSample: 3 })
    const state = search(strategy, accuracyOf)
    for (const { architecture } of samplesOf(state)) expect(architecture.reduce).toEqual(architecture.normal)
    const found = strategy.result(state)
    expect(found.reduce).toEqual(found.normal)
    expect(found.normal.every(operation => tiny.operations.some(({ name }) => name === operation))).toBe(true)
  })
})

describe('bayesian', () => {
  it('finds the best of 1,024 architectures in 60 samples, whatever the seed', () => {
    for (let seed = 0; seed < 10; seed++) {
      const strategy = strategyOf({ ...inTiny, strategy: 'bayesian', samples: 60, seed })
      const state = search(strategy, accuracyOf)
      expect(accuracyOf(strategy.result(state))).toBeCloseTo(0.4 + 4 * 0.03 + 0.08, 12)
    }
  })

  it('orders architectures that it has not seen', () => {
    const strategy = strategyOf({ ...inTiny, strategy: 'bayesian', samples: 40 })
    const score = strategy.score!(search(strategy, genotype => 0.1 * convolutions(genotype)))
    const of = (...normal: readonly string[]) => score({ normal, reduce: normal })
    const five = of('conv_3x3', 'conv_3x3', 'conv_3x3', 'conv_3x3', 'conv_3x3')
    expect(five).toBeGreaterThan(of('conv_3x3', 'none', 'conv_3x3', 'none', 'conv_3x3'))
    expect(of('conv_3x3', 'none', 'conv_3x3', 'none', 'conv_3x3')).toBeGreaterThan(
      of('none', 'none', 'none', 'none', 'none'),
    )
  })
})

describe('successive-halving', () => {
  it('trains a third of the architectures three times as long', () => {
    expect(rungsOf({ ...inTiny, samples: 9, eta: 3, epochsPerSample: 9 })).toEqual([
      { architectures: 9, epochs: 1 },
      { architectures: 3, epochs: 3 },
      { architectures: 1, epochs: 9 },
    ])
    expect(rungsOf({ ...inTiny, samples: 7, eta: 2, epochsPerSample: 1 })).toEqual([{ architectures: 7, epochs: 1 }])
  })

  it('keeps the best of every rung', () => {
    const config = { ...inTiny, strategy: 'successive-halving', samples: 27, epochsPerSample: 9 }
    const samples = samplesOf(search(strategyOf(config), accuracyOf))
    expect(samples.map(({ epochs }) => epochs)).toEqual([
      ...Array(27).fill(1),
      ...Array(9).fill(3),
      ...Array(3).fill(9),
    ])
    const best = (count: number, round: number): readonly number[] =>
      samples
        .filter(sample => sample.round === round)
        .map(({ z }) => z)
        .sort((a, b) => b - a)
        .slice(0, count)
    expect(best(9, 2)).toEqual(best(9, 1))
    expect(best(3, 3)).toEqual(best(3, 2))
  })
})

describe('reinforce', () => {
  it('makes what did better than before likelier', () => {
    fc.assert(
      fc.property(fc.nat(), seed => {
        const strategy = strategyOf({ ...inTiny, strategy: 'reinforce', samples: 3, seed })
        const [first] = strategy.ask(strategy.initial)
        const one = strategy.tell(strategy.initial, [observationOf(first!, 0.5)])
        const [second] = strategy.ask(one)
        const { architecture } = second!
        const before = strategy.score!(one)(architecture)
        expect(strategy.score!(strategy.tell(one, [observationOf(second!, 0.6)]))(architecture)).toBeGreaterThan(before)
        expect(strategy.score!(strategy.tell(one, [observationOf(second!, 0.4)]))(architecture)).toBeLessThan(before)
      }),
      { numRuns: 30 },
    )
  })
})

describe('bnas', () => {
  it('does what cp-nas does with a beta_P of 0', () => {
    const [bnas, cpNas] = [
      { ...inTiny, strategy: 'bnas' },
      { ...inTiny, strategy: 'cp-nas', betaP: 0 },
    ].map(one => strategyOf(one))
    expect(search(bnas!, accuracyOf)).toEqual(search(cpNas!, accuracyOf))
  })
})

describe('anti-bandit', () => {
  it('takes T samples for every operation of an edge in every round, and leaves one', () => {
    const strategy = strategyOf({ ...inTiny, strategy: 'anti-bandit', passes: 5 })
    const samples = samplesOf(search(strategy, accuracyOf))
    expect([1, 2, 3].map(round => samples.filter(sample => sample.round === round).length)).toEqual([20, 15, 10])
  })
})
