import {
  type CostOf,
  presets,
  type SearchConfig,
  type SearchState,
  type Strategy,
  samplesOf,
  searchWith,
  strategies,
  strategyOf,
  tableEvaluator,
} from '@cpnas/search'
import { cpNas, type Genotype } from '@cpnas/supernet'
import fc from 'fast-check'
import type { Either } from 'fp-ts/lib/Either.js'
import { right } from 'fp-ts/lib/TaskEither.js'
import { describe, expect, it } from 'vitest'
import { observationOf } from '../observations.js'

const names = Object.keys(strategies)

const configs = fc
  .record({
    strategy: fc.constantFrom(...names),
    seed: fc.nat(),
    passes: fc.integer({ min: 1, max: 2 }),
    warmupEpochs: fc.nat(2),
    samples: fc.integer({ min: 1, max: 30 }),
    population: fc.integer({ min: 1, max: 10 }),
    tournament: fc.integer({ min: 1, max: 5 }),
    targetKb: fc.constantFrom(0, 0, 9),
    operations: fc.subarray(
      cpNas.operations.map(({ name }) => name),
      { minLength: 2, maxLength: 4 },
    ),
  })
  .map((options): SearchConfig => ({ ...presets.quick, score: 'accuracy', space: 'cp-nas', ...options }))

const accuracies = fc.func(fc.double({ min: 0, max: 1, noNaN: true }))

/** All states from the first to the last, each through JSON. */
const play = (strategy: Strategy, accuracy: (sample: number) => number): readonly SearchState[] => {
  const states = [strategy.initial]
  for (let state = states[0]!; ; state = states.at(-1)!) {
    const [proposal] = strategy.ask(state)
    if (proposal === undefined) return states
    const next = strategy.tell(state, [observationOf(proposal, accuracy(samplesOf(state).length))])
    states.push(JSON.parse(JSON.stringify(next)))
  }
}

/** The more operations that compute something, the more. */
const costOf: CostOf = ({ normal, reduce }) => {
  const work = [...normal, ...reduce].filter(name => !['none', 'skip_connect'].includes(name)).length
  return { milliseconds: work / 10, kilobytes: work }
}

const rightOf = <A>(result: Either<unknown, A>): A => {
  expect(result).toMatchObject({ _tag: 'Right' })
  return (result as { readonly right: A }).right
}

describe('every strategy', () => {
  it('asks for as many proposals as it says, of operations that remain, and gains an entry from each', () => {
    fc.assert(
      fc.property(configs, accuracies, (config, accuracy) => {
        const strategy = strategyOf(config, costOf)
        const states = play(strategy, accuracy)
        const { history } = states.at(-1)!
        expect(samplesOf(states.at(-1)!)).toHaveLength(strategy.length.samples)
        expect(history.filter(({ type }) => type === 'warmup')).toHaveLength(strategy.length.warmups)
        for (const [i, state] of states.slice(0, -1).entries()) {
          const remaining = strategy.remaining(state)
          for (const { architecture } of strategy.ask(state))
            for (const kind of ['normal', 'reduce'] as const)
              for (const [edge, operation] of architecture[kind].entries())
                expect(remaining[kind][edge]).toContain(operation)
          expect(states[i + 1]!.history.length).toBeGreaterThan(state.history.length)
          expect(states[i + 1]!.history.slice(0, state.history.length)).toEqual(state.history)
        }
      }),
      { numRuns: 40 },
    )
  })

  it('asks ahead for what it will ask for, whatever is observed', () => {
    fc.assert(
      fc.property(configs, accuracies, fc.integer({ min: 1, max: 12 }), (config, accuracy, most) => {
        const strategy = strategyOf(config, costOf)
        const states = play(strategy, accuracy)
        for (const [i, state] of states.entries()) {
          const ahead = strategy.ask(state, most)
          expect(ahead.length).toBeLessThanOrEqual(most)
          expect(strategy.ask(state, 1)).toEqual(ahead.slice(0, 1))
          for (const [j, proposal] of ahead.entries()) expect(strategy.ask(states[i + j]!)).toEqual([proposal])
        }
      }),
      { numRuns: 40 },
    )
  })

  it('is a function of configuration and state', () => {
    fc.assert(
      fc.property(configs, accuracies, (config, accuracy) => {
        const [one, other] = [config, config].map(one => strategyOf(one, costOf))
        const states = play(one!, accuracy)
        expect(play(other!, accuracy)).toEqual(states)
        for (const state of states) expect(other!.ask(state)).toEqual(one!.ask(state))
        expect(other!.result(states.at(-1)!)).toEqual(one!.result(states.at(-1)!))
      }),
      { numRuns: 30 },
    )
  })

  it('runs over a table, and resumes from any snapshot', async () => {
    await fc.assert(
      fc.asyncProperty(configs, fc.nat(100), async (config, stop) => {
        const strategy = strategyOf(config, costOf)
        const table = tableEvaluator(({ normal, reduce }: Genotype) => {
          const accuracy = [...normal, ...reduce].filter(name => name === config.operations[0]).length / 28
          return { child: { accuracy, loss: 1 }, parent: { accuracy: 1 - accuracy, loss: 1 } }
        })
        const snapshots: { readonly state: SearchState; readonly tensors: object }[] = []
        const save = (snapshot: (typeof snapshots)[number]) => {
          snapshots.push(snapshot)
          return right(undefined)
        }
        const whole = rightOf(await searchWith(strategy, table, { save })())
        const snapshot = { state: snapshots[stop % snapshots.length]!.state, tensors: {} }
        expect(rightOf(await searchWith(strategy, table, { snapshot })())).toEqual(whole)
      }),
      { numRuns: 20 },
    )
  })
})

describe('random', () => {
  it('draws every operation of every edge alike often, and ends with the best', () => {
    const config: SearchConfig = {
      ...presets.quick,
      score: 'accuracy',
      space: 'cp-nas',
      strategy: 'random',
      samples: 200,
    }
    const strategy = strategyOf(config, costOf)
    const end = play(strategy, sample => (sample === 77 ? 1 : 0)).at(-1)!
    // 200 draws of 1/8: mean 25, standard deviation 4.7.
    for (const operation of cpNas.operations)
      for (const edge of cpNas.edges.keys()) {
        const count = samplesOf(end).filter(({ architecture }) => architecture.normal[edge] === operation.name).length
        expect(count).toBeGreaterThan(5)
        expect(count).toBeLessThan(50)
      }
    expect(strategy.result(end)).toEqual(samplesOf(end)[77]!.architecture)
  })
})

describe('regularized evolution', () => {
  const config: SearchConfig = {
    ...presets.quick,
    score: 'accuracy',
    space: 'cp-nas',
    strategy: 'regularized-evolution',
    samples: 60,
    population: 10,
    tournament: 4,
  }
  const differences = (a: Genotype, b: Genotype): number =>
    (['normal', 'reduce'] as const).flatMap(kind => a[kind].filter((operation, i) => operation !== b[kind][i])).length

  it('mutates one operation of one of those alive', () => {
    const samples = samplesOf(play(strategyOf(config, costOf), n => (n * 37) % 11).at(-1)!)
    for (const [i, { architecture }] of samples.entries()) {
      const alive = samples.slice(Math.max(0, i - config.population), i)
      if (i >= config.population)
        expect(alive.some(parent => differences(parent.architecture, architecture) === 1)).toBe(true)
    }
  })

  it('never has a parent that has died of age, however good it was', () => {
    const samples = samplesOf(play(strategyOf(config, costOf), n => (n === 0 ? 1 : 0)).at(-1)!)
    const [first, ...others] = samples
    const children = others.map(({ architecture }) => differences(first!.architecture, architecture))
    // While it is alive it wins every tournament that it is drawn for; afterwards distances grow by mutation.
    expect(Math.min(...children.slice(9, 19))).toBe(1)
    expect(Math.min(...children.slice(40))).toBeGreaterThan(1)
  })

  it('climbs where random search does not', () => {
    // The share of skips, over 28 edges of eight operations: a random architecture has an eighth.
    const skips = ({ normal, reduce }: Genotype): number =>
      [...normal, ...reduce].filter(name => name === 'skip_connect').length / 28
    const bestOf = async (strategy: string): Promise<number> => {
      const settings: SearchConfig = { ...config, strategy, samples: 300, population: 20, tournament: 10 }
      const table = tableEvaluator(architecture => {
        const evaluation = { accuracy: skips(architecture), loss: 1 }
        return { child: evaluation, parent: evaluation }
      })
      const result = rightOf(await searchWith(strategyOf(settings, costOf), table)())
      return result.status === 'finished' ? skips(result.genotype) : Number.NaN
    }
    return Promise.all([bestOf('regularized-evolution'), bestOf('random')]).then(([evolved, drawn]) => {
      expect(evolved).toBeGreaterThan(0.7)
      expect(drawn).toBeLessThan(0.5)
    })
  })
})
