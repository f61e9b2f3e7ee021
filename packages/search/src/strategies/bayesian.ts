import { type CellKind, type Genotype, inSpace, type Mixture, spaceOf } from '@cpnas/supernet'
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator'
import { candidatesOf, type SearchConfig } from '../config.js'
import { type CostOf, excess, noCost } from '../cost.js'
import { samplesOf } from '../history.js'
import type { Strategy, StrategyRecord } from '../strategy.js'
import type { SampleEntry, SearchState } from '../types.js'
import { type Belief, gaussianProcess, type Kernel } from './gaussian-process.js'
import { bestOf, drawGenotype, drawWithin, mutate, samplesStrategy, searchedKinds } from './samples.js'

/** Architectures that are drawn uniformly before any is chosen. */
const initialSamples = 5
/** Candidates that are drawn uniformly, and mutations of each of the best. */
const uniformCandidates = 200
const bestKept = 5
const mutationsEach = 20

/**
 * Shares of the variance: that how often operations are there explains, wherever they are; of the rest, that pairs of operations explain
 * beyond their sum; and how much noise there is in an accuracy, of that variance.
 */
const countShares = [0, 0.5, 0.9]
const pairShares = [0, 0.5]
const noises = [0.02, 0.1, 0.5]

/** Shares of the variance of accuracies. */
export interface VarianceShares {
  readonly count: number
  readonly pair: number
}

/**
 * How alike the accuracies of two architectures are: a sum of the share of pairs of edges, one of each, with the same operation; of the share of
 * their edges with the same operation; and of the share of their pairs of edges with the same two. So an accuracy is a sum of effects of
 * an operation anywhere in a kind of cell, of an operation on an edge, and of pairs of them, each normal around 0.
 */
export const operationKernel =
  (kinds: readonly CellKind[], { count, pair }: VarianceShares): Kernel<Genotype> =>
  (a, b) => {
    let edges = 0
    let same = 0
    let anywhere = 0
    for (const kind of kinds) {
      const [left, right] = [a[kind], b[kind]]
      edges += left.length
      for (let i = 0; i < left.length; i++) {
        if (left[i] === right[i]) same += 1
        for (let j = 0; j < right.length; j++) if (left[i] === right[j]) anywhere += 1 / right.length
      }
    }
    const pairs = edges > 1 ? (same * (same - 1)) / (edges * (edges - 1)) : 1
    return (count * anywhere + (1 - count) * ((1 - pair) * same + pair * pairs * edges)) / edges
  }

/** What is to be thought of any architecture after some samples. */
const beliefsOf = (samples: readonly SampleEntry[], kinds: readonly CellKind[]): ((genotype: Genotype) => Belief) =>
  gaussianProcess(
    samples.map(({ architecture }) => architecture),
    samples.map(({ z }) => z),
    countShares.flatMap(count => pairShares.map(pair => operationKernel(kinds, { count, pair }))),
    noises,
  )

/** The density and the distribution function of the standard normal; the latter by Abramowitz and Stegun 7.1.26, to 1e-7. */
const density = (x: number): number => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)
const distribution = (x: number): number => {
  const t = 1 / (1 + (0.3275911 * Math.abs(x)) / Math.SQRT2)
  const polynomial = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
  const tail = (polynomial * Math.exp((-x * x) / 2)) / 2
  return x > 0 ? 1 - tail : tail
}

/** By how much a value is expected to exceed `best`, counting 0 where it does not. */
export const expectedImprovement = ({ mean, deviation }: Belief, best: number): number => {
  const ahead = mean - best
  return deviation === 0
    ? Math.max(0, ahead)
    : ahead * distribution(ahead / deviation) + deviation * density(ahead / deviation)
}

/** The value of the highest score, the earliest of equals. */
const largest = <A>(values: readonly A[], scoreOf: (value: A) => number): A =>
  values.map(value => ({ value, score: scoreOf(value) })).reduce((best, one) => (one.score > best.score ? one : best))
    .value

/** Architectures that may be worth a look, none of which was seen before, if there are such. */
const candidatesFor = (
  generator: RandomGenerator,
  ranked: readonly SampleEntry[],
  everywhere: Mixture,
  kinds: readonly CellKind[],
): readonly Genotype[] => {
  const drawn = Array.from({ length: uniformCandidates }, () => drawGenotype(generator, everywhere))
  const mutated = ranked
    .slice(0, bestKept)
    .flatMap(({ architecture }) =>
      Array.from({ length: mutationsEach }, () => mutate(generator, architecture, everywhere, kinds)),
    )
  const nameOf = (genotype: Genotype): string => kinds.map(kind => genotype[kind].join()).join()
  const seen = new Set(ranked.map(({ architecture }) => nameOf(architecture)))
  const fresh = [...drawn, ...mutated].filter(genotype => !seen.has(nameOf(genotype)))
  return fresh.length > 0 ? fresh : drawn
}

const create = (config: SearchConfig, costOf: CostOf = noCost): Strategy => {
  const { targetMs, targetKb } = config
  const space = spaceOf(config)
  /** Those that meet the targets; if there are none, the closest. */
  const within = (candidates: readonly Genotype[]): readonly Genotype[] => {
    if (targetMs === 0 && targetKb === 0) return candidates
    const over = candidates.map(genotype => excess(config, costOf(inSpace(space, genotype))))
    const most = Math.max(0, Math.min(...over))
    return candidates.filter((_, i) => over[i]! <= most)
  }
  const kinds = searchedKinds(config)
  const everywhere = candidatesOf(config)
  const rank = (samples: readonly SampleEntry[], belief: (genotype: Genotype) => Belief): readonly SampleEntry[] =>
    samples
      .map(sample => ({ sample, mean: belief(sample.architecture).mean }))
      .sort((a, b) => b.mean - a.mean)
      .map(({ sample }) => sample)
  const base = samplesStrategy(
    config,
    done => Math.max(done + 1, initialSamples),
    (generator, before) => {
      if (before.length < initialSamples) return drawWithin(config, costOf, () => drawGenotype(generator, everywhere))
      const belief = beliefsOf(before, kinds)
      const ranked = rank(before, belief)
      const best = belief(ranked[0]!.architecture).mean
      return largest(within(candidatesFor(generator, ranked, everywhere, kinds)), genotype =>
        expectedImprovement(belief(genotype), best),
      )
    },
  )
  return {
    ...base,
    result: state => {
      const samples = samplesOf(state)
      return samples.length < 2
        ? bestOf(samples).architecture
        : rank(samples, beliefsOf(samples, kinds))[0]!.architecture
    },
    score: (state: SearchState) => {
      const belief = beliefsOf(samplesOf(state), kinds)
      return genotype => belief(genotype).mean
    },
  }
}

/**
 * `bayesian`: a Gaussian process over the effects of operations, anywhere and on an edge, and of their pairs, which pools all samples, says which architecture
 * is expected to improve most; the result is the one of highest posterior mean among those evaluated, so that a lucky evaluation does
 * not win. Ours; the method is Bayesian optimization with expected improvement (Jones, Schonlau and Welch 1998), the kernel that of an
 * analysis of variance.
 */
export const bayesian: StrategyRecord = {
  description: 'Bayesian optimization: learns what operations and their pairs are worth from all samples; ours',
  options: ['samples', 'targetMs', 'targetKb', 'score'],
  usesParent: false,
  create,
}
