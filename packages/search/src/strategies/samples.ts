import { generatorFor } from '@cpnas/core'
import { type CellKind, cellKinds, type Genotype, inSpace, type Mixture, spaceOf } from '@cpnas/supernet'
import type { Evaluation } from '@cpnas/training'
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator'
import { candidatesOf, type SearchConfig } from '../config.js'
import { type CostOf, excess } from '../cost.js'
import { recordOf, sampleOf, samplesOf } from '../history.js'
import type { Observation, Strategy } from '../strategy.js'
import type { PerNetwork, SampleEntry, SearchState } from '../types.js'

/** One of the values, uniformly. Moves the generator on. */
export const choose = <A>(generator: RandomGenerator, values: readonly A[]): A =>
  values[uniformInt(generator, 0, values.length - 1)]!

/** An architecture with an operation of every edge drawn uniformly and independently. */
export const drawGenotype = (generator: RandomGenerator, { normal, reduce }: Mixture): Genotype => {
  const draw = (edges: readonly (readonly string[])[]): readonly string[] =>
    edges.map(operations => choose(generator, operations))
  return { normal: draw(normal), reduce: draw(reduce) }
}

/** The kinds of cell that have an architecture of their own. */
export const searchedKinds = (config: Pick<SearchConfig, 'space'>): readonly CellKind[] =>
  spaceOf(config).sharesCell ? ['normal'] : cellKinds

/** Another operation on one edge of one cell, all of them alike likely. Where an edge has but one operation, it stays. */
export const mutate = (
  generator: RandomGenerator,
  parent: Genotype,
  everywhere: Mixture,
  kinds: readonly CellKind[],
): Genotype => {
  const kind = choose(generator, kinds)
  const edge = uniformInt(generator, 0, parent[kind].length - 1)
  const others = everywhere[kind][edge]!.filter(operation => operation !== parent[kind][edge])
  return others.length === 0 ? parent : { ...parent, [kind]: parent[kind].with(edge, choose(generator, others)) }
}

/** The score of an architecture: see `SearchConfig.score`. */
const scoreOf =
  ({ score }: Pick<SearchConfig, 'score'>) =>
  ({ child }: PerNetwork<Evaluation>): number =>
    score === 'loss' ? Math.exp(-child.loss) : child.accuracy

/** The state with the samples that were observed. */
export const recordSamples =
  (config: Pick<SearchConfig, 'score'>) =>
  (state: SearchState, observations: readonly Observation[]): SearchState =>
    observations.reduce((after, observation) => recordOf(after, sampleOf(observation, scoreOf(config))), state)

/** The sample of the highest score, the earliest of equals. */
export const bestOf = (samples: readonly SampleEntry[]): SampleEntry =>
  samples.reduce((best, sample) => (sample.z > best.z ? sample : best))

/** Draws until a target is met, at most. */
const draws = 1000

/** Draws architectures until one meets the targets of the configuration, a thousand at most; then the closest of them. */
export const drawWithin = (config: SearchConfig, costOf: CostOf, draw: () => Genotype): Genotype => {
  const { targetMs, targetKb } = config
  if (targetMs === 0 && targetKb === 0) return draw()
  const space = spaceOf(config)
  let closest: { readonly architecture: Genotype; readonly over: number } | undefined
  for (let i = 0; i < draws && (closest === undefined || closest.over > 0); i++) {
    const architecture = draw()
    const over = excess(config, costOf(inSpace(space, architecture)))
    if (closest === undefined || over < closest.over) closest = { architecture, over }
  }
  return closest!.architecture
}

/**
 * A strategy that evaluates `samples` architectures one after another and returns the one with the highest score.
 * `draw` chooses each, given a generator of its own for every sample and the samples so far; when so many are done, those up to `independentUntil`
 * do not look at one another.
 */
export const samplesStrategy = (
  config: SearchConfig,
  independentUntil: (done: number) => number,
  draw: (generator: RandomGenerator, before: readonly SampleEntry[], everywhere: Mixture) => Genotype,
): Strategy => {
  const { seed, samples } = config
  const everywhere = candidatesOf(config)
  const space = spaceOf(config)
  return {
    initial: { history: [] },
    ask: (state, most = 1) => {
      const before = samplesOf(state)
      const done = before.length
      const count = Math.min(most, samples - done, independentUntil(done) - done)
      return Array.from({ length: Math.max(0, count) }, (_, i) => {
        const sample = done + i + 1
        const generator = generatorFor(seed, `sample ${sample}`)
        return {
          type: 'sample',
          architecture: inSpace(space, draw(generator, before, everywhere)),
          position: { round: 1, rounds: 1, pass: 1, passes: 1, sample, samples },
        }
      })
    },
    tell: recordSamples(config),
    result: state => bestOf(samplesOf(state)).architecture,
    remaining: () => everywhere,
    length: { warmups: 0, samples },
  }
}
