import { type CpNasState, cpNasStrategy, presets, type SampleEntry, type SearchConfig, samplesOf } from '@cpnas/search'
import { cellKinds, cpNas } from '@cpnas/supernet'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { observationOf } from '../observations.js'

const { edges } = cpNas
const operations = cpNas.operations.map(({ name }) => name)

/** A search in which training is replaced by the Child's accuracy, a function of the sample's number; with betaP 0 it is z. */
const simulate = (config: SearchConfig, z: (sample: number) => number): readonly CpNasState[] => {
  const strategy = cpNasStrategy({ ...config, betaP: 0 })
  const states = [strategy.initial]
  for (let state = states[0]!; ; state = states.at(-1)!) {
    const [proposal] = strategy.ask(state)
    if (proposal === undefined) return states
    states.push(strategy.tell(state, [observationOf(proposal, z(samplesOf(state).length))]))
  }
}

const configs = fc
  .record({
    seed: fc.nat(),
    passes: fc.integer({ min: 1, max: 3 }),
    warmupEpochs: fc.nat(3),
    epochsPerSample: fc.integer({ min: 1, max: 2 }),
    operations: fc.shuffledSubarray([...operations], { minLength: 2 }),
  })
  .map(options => ({ ...presets.quick, strategy: 'cp-nas', space: 'cp-nas', ...options }))
/** Few values, so that ties come up. */
const zs = fc.func(fc.integer({ min: 0, max: 5 }).map(n => n / 5))

const roundsOf = ({ operations }: { readonly operations: readonly string[] }): number => operations.length - 1

const samplesOfRound = (state: CpNasState, round: number): readonly SampleEntry[] =>
  samplesOf(state).filter(entry => entry.round === round)

describe('the strategy of CP-NAS', () => {
  it('takes 35 T samples for the eight operations', () => {
    const config: SearchConfig = { ...presets.paper, passes: 3, warmupEpochs: 5, epochsPerSample: 2 }
    expect(cpNasStrategy(config).length).toEqual({ warmups: 5, samples: 105 })
    const end = simulate(config, () => 0).at(-1)!
    expect(samplesOf(end)).toHaveLength(105)
  })

  it('evaluates every remaining operation of every edge exactly T times a round', () => {
    fc.assert(
      fc.property(configs, zs, (config, z) => {
        const states = simulate(config, z)
        const end = states.at(-1)!
        for (let round = 1; round <= roundsOf(config); round++) {
          const { remaining } = states.find(s => s.round === round)!
          for (const kind of cellKinds)
            for (const edge of edges.keys())
              for (const pass of Array.from({ length: config.passes }, (_, t) => t + 1)) {
                const sampled = samplesOfRound(end, round).filter(s => s.pass === pass)
                const drawn = sampled.map(s => s.architecture[kind][edge])
                expect([...drawn].sort()).toEqual([...remaining[kind][edge]!].sort())
              }
        }
      }),
      { numRuns: 20 },
    )
  })

  it('drops on every edge the operation of lowest mean z, the first of them at a tie', () => {
    fc.assert(
      fc.property(configs, zs, (config, z) => {
        const states = simulate(config, z)
        const end = states.at(-1)!
        const drops = end.history.filter(entry => entry.type === 'drop')
        expect(drops.map(drop => drop.round)).toEqual(Array.from({ length: roundsOf(config) }, (_, i) => i + 1))
        for (const drop of drops)
          for (const kind of cellKinds)
            for (const [edge, { operations, zbar, e, dropped }] of drop[kind].entries()) {
              const before = states.find(s => s.round === drop.round)!.remaining[kind][edge]!
              const after = states.find(s => s.round === drop.round + 1)!.remaining[kind][edge]!
              const meanOf = (operation: string): number => {
                const with_ = samplesOfRound(end, drop.round).filter(s => s.architecture[kind][edge] === operation)
                return with_.reduce((sum, s) => sum + s.z, 0) / with_.length
              }
              expect(operations).toEqual(before)
              expect(zbar).toEqual(before.map(meanOf))
              expect(e.reduce((a, b) => a + b)).toBeCloseTo(1, 12)
              expect(e[zbar.indexOf(Math.max(...zbar))]).toBe(Math.max(...e))
              expect(dropped).toBe(before[zbar.indexOf(Math.min(...zbar))])
              expect(after).toEqual(before.filter(operation => operation !== dropped))
            }
      }),
      { numRuns: 20 },
    )
  })

  it('ends with the operation that is left on every edge', () => {
    fc.assert(
      fc.property(configs, zs, (config, z) => {
        const end = simulate(config, z).at(-1)!
        const genotype = cpNasStrategy(config).result(end)
        for (const kind of cellKinds) expect(genotype[kind].map(o => [o])).toEqual(end.remaining[kind])
      }),
      { numRuns: 20 },
    )
  })

  it('keeps the two inputs of highest mean z on a node if told so', () => {
    fc.assert(
      fc.property(configs, zs, (config, z) => {
        const end = simulate({ ...config, edges: 2 }, z).at(-1)!
        const [all, two] = [cpNasStrategy(config).result(end), cpNasStrategy({ ...config, edges: 2 }).result(end)]
        const last = end.history.findLast(entry => entry.type === 'drop')!
        for (const kind of cellKinds)
          for (const to of [2, 3, 4, 5]) {
            const inputs = [...edges.keys()].filter(edge => edges[edge]!.to === to && all[kind][edge] !== 'none')
            const score = (edge: number): number => {
              const { operations, zbar } = last[kind][edge]!
              return zbar[operations.indexOf(all[kind][edge]!)]!
            }
            const [kept, left] = [
              inputs.filter(edge => two[kind][edge] !== 'none'),
              inputs.filter(edge => two[kind][edge] === 'none'),
            ]
            expect(kept).toHaveLength(Math.min(2, inputs.length))
            for (const k of kept) for (const l of left) expect(score(k)).toBeGreaterThanOrEqual(score(l))
          }
      }),
      { numRuns: 20 },
    )
  })

  it('warms up before the first round, on architectures from the whole space', () => {
    const config: SearchConfig = { ...presets.quick, strategy: 'cp-nas', space: 'cp-nas', warmupEpochs: 200 }
    const warmups = simulate(config, () => 0)[200]!.history.filter(entry => entry.type === 'warmup')
    expect(warmups.map(entry => entry.epoch)).toEqual(Array.from({ length: 200 }, (_, i) => i + 1))
    for (const kind of cellKinds)
      for (const edge of edges.keys())
        for (const operation of operations) {
          // 200 draws of 1/8: mean 25, standard deviation 4.7.
          const count = warmups.filter(entry => entry.architecture[kind][edge] === operation).length
          expect(count).toBeGreaterThan(5)
          expect(count).toBeLessThan(50)
        }
  })

  it('draws other architectures in every pass and for every seed', () => {
    const config: SearchConfig = { ...presets.quick, strategy: 'cp-nas', space: 'cp-nas', passes: 4, warmupEpochs: 2 }
    const strategy = cpNasStrategy(config)
    const firsts = simulate(config, () => 0).filter(state => state.sample === 1)
    const proposals = firsts.flatMap(state => strategy.ask(state))
    expect(proposals).toHaveLength(2 + 7 * 4)
    expect(new Set(proposals.map(({ architecture }) => JSON.stringify(architecture))).size).toBe(proposals.length)
    const start = { ...strategy.initial, warmup: config.warmupEpochs }
    const asked = (seed: number) => cpNasStrategy({ ...config, seed }).ask(start)
    expect(asked(1)).not.toEqual(asked(2))
    expect(asked(1)).toEqual(asked(1))
  })
})
