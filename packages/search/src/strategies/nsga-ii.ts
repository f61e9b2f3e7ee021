import type { Genotype } from '@cpnas/supernet'
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator'
import type { SearchConfig } from '../config.js'
import { type CostOf, noCost } from '../cost.js'
import type { StrategyRecord } from '../strategy.js'
import type { SampleEntry } from '../types.js'
import { choose, drawGenotype, drawWithin, mutate, samplesStrategy, searchedKinds } from './samples.js'

/** A point of two goals: more accuracy, less cost. */
export interface Goals {
  readonly accuracy: number
  readonly cost: number
}

/** Whether one is at least as good in both goals, and better in one. */
export const dominates = (a: Goals, b: Goals): boolean =>
  a.accuracy >= b.accuracy && a.cost <= b.cost && (a.accuracy > b.accuracy || a.cost < b.cost)

/** The values in fronts: nothing dominates those of the first, nothing but the first those of the second, and so on. In the order given. */
export const fronts = <A>(values: readonly A[], goalsOf: (value: A) => Goals): readonly (readonly A[])[] => {
  const found: (readonly A[])[] = []
  let left = values.map(value => ({ value, goals: goalsOf(value) }))
  while (left.length > 0) {
    const front = left.filter(({ goals }) => !left.some(other => dominates(other.goals, goals)))
    found.push(front.map(({ value }) => value))
    left = left.filter(one => !front.includes(one))
  }
  return found
}

/**
 * How alone a point is on its front: the sum over the goals of the distance between its neighbours, as a share of the whole; those at the
 * ends are infinitely alone.
 */
export const crowding = (front: readonly Goals[]): readonly number[] => {
  const alone = front.map(() => 0)
  for (const goal of ['accuracy', 'cost'] as const) {
    const order = front.map((_, i) => i).sort((a, b) => front[a]![goal] - front[b]![goal])
    const at = (place: number): number => front[order[place]!]![goal]
    const range = at(order.length - 1) - at(0)
    for (const [place, i] of order.entries())
      alone[i]! +=
        place === 0 || place === order.length - 1
          ? Number.POSITIVE_INFINITY
          : range === 0
            ? 0
            : (at(place + 1) - at(place - 1)) / range
  }
  return alone
}

/** The best of the values, so many: front after front, of the last one the most alone. Best first. */
const survivors = <A>(values: readonly A[], count: number, goalsOf: (value: A) => Goals): readonly A[] =>
  fronts(values, goalsOf)
    .flatMap(front => {
      const alone = crowding(front.map(goalsOf))
      return front
        .map((value, i) => ({ value, alone: alone[i]! }))
        .sort((a, b) => (a.alone === b.alone ? 0 : b.alone - a.alone))
        .map(({ value }) => value)
    })
    .slice(0, count)

/** Every edge from one parent or the other. */
const cross = (generator: RandomGenerator, a: Genotype, b: Genotype): Genotype => {
  const edges = (kind: keyof Genotype): readonly string[] =>
    a[kind].map((operation, edge) => choose(generator, [operation, b[kind][edge]!]))
  return { normal: edges('normal'), reduce: edges('reduce') }
}

/**
 * `nsga-ii`: two goals at once, the Child's accuracy and the time of its packed network. Of all samples so far the best fronts are
 * the parents of the next generation; each of its members has two, each the better of two drawn, an operation of every edge from one of them,
 * and one mutation. The result is the most accurate of the samples; the front is what the search is for. Source: Deb et al., A Fast and
 * Elitist Multiobjective Genetic Algorithm: NSGA-II (IEEE TEC 2002). Deviations: parents are chosen from all samples, none of which is
 * evaluated twice; one mutation in place of a rate of one in so many edges.
 */
export const nsga2: StrategyRecord = {
  description: 'accuracy and time at once: fronts, crossing, mutation (NSGA-II, Deb et al. 2002)',
  options: ['samples', 'population', 'targetMs', 'targetKb'],
  usesParent: false,
  create: (config: SearchConfig, costOf: CostOf = noCost) => {
    const { population } = config
    const goalsOf = ({ architecture, accuracyChild }: SampleEntry): Goals => ({
      accuracy: accuracyChild,
      cost: costOf(architecture).milliseconds,
    })
    const generation = (done: number): number => Math.floor(done / population)
    return samplesStrategy(
      { ...config, score: 'accuracy' },
      done => (generation(done) + 1) * population,
      (generator, before, everywhere) => {
        const seen = before.slice(0, generation(before.length) * population)
        if (seen.length === 0) return drawWithin(config, costOf, () => drawGenotype(generator, everywhere))
        const parents = survivors(seen, population, goalsOf)
        /** The better of two: they are in order. */
        const pick = (): Genotype => {
          const [one, other] = [choose(generator, [...parents.keys()]), choose(generator, [...parents.keys()])]
          return parents[Math.min(one, other)]!.architecture
        }
        return drawWithin(config, costOf, () =>
          mutate(generator, cross(generator, pick(), pick()), everywhere, searchedKinds(config)),
        )
      },
    )
  },
}
