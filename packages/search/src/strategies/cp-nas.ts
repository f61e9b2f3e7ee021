import { abandon, mean, softmax, z } from '@cpnas/indicator'
import {
  type CellKind,
  cellKinds,
  type Genotype,
  inSpace,
  keepEdges,
  type Mixture,
  samplePass,
  spaceOf,
} from '@cpnas/supernet'
import { candidatesOf, operationsOf, type SearchConfig } from '../config.js'
import { recordOf, sampleOf, samplesOf, warmupOf } from '../history.js'
import type { Observation, Proposal, Strategy, StrategyRecord } from '../strategy.js'
import type { DropEntry, EdgeIndicator, Position, SampleEntry, SearchState } from '../types.js'

/** Where a search by CP-NAS stands. The order of samples follows from it and the configuration. */
export interface CpNasState extends SearchState {
  /** Warm-up epochs done. */
  readonly warmup: number
  /** The round, pass and sample to come, each from 1. After the last round: one round past it. */
  readonly round: number
  readonly pass: number
  readonly sample: number
  readonly remaining: Mixture
}

/** Rounds of K operations: one for every operation but the one that stays. */
const roundsOf = (count: number): number => count - 1
/** Samples of a pass: the operations that remain on every edge. */
const samplesIn = (count: number, round: number): number => count - round + 1

/**
 * The search of CP-NAS. In every round T passes; in each, every remaining operation of every edge is in exactly one sampled
 * architecture, and z goes to all its operations. Then every edge drops the operation of lowest mean z, until one is left.
 * Samples: T * (K + (K-1) + ... + 2), which is 35 * T for K = 8 operations.
 * Source: CP-NAS (arXiv 2005.00057), search algorithm. The warm-up is not stated in the source.
 */
export const cpNasStrategy = (config: SearchConfig): Strategy<CpNasState> => {
  const { seed, passes, betaP, warmupEpochs, edges } = config
  const operations = operationsOf(config)
  const space = spaceOf(config)
  const rounds = roundsOf(operations.length)
  const everywhere = candidatesOf(config)
  /** A seed of its own for every pass; those of the warm-up come after those of the rounds. */
  const passSeed = (index: number): number => seed * 2 ** 20 + index
  const positionOf = ({ round, pass, sample }: CpNasState): Position => ({
    round,
    rounds,
    pass,
    passes,
    sample,
    samples: samplesIn(operations.length, round),
  })

  /** Within a pass, one sample does not depend on another. */
  const ask = (state: CpNasState, most = 1): readonly Proposal[] => {
    const { warmup, round, pass, sample, remaining } = state
    if (warmup < warmupEpochs) {
      const [architecture] = samplePass(everywhere, passSeed(rounds * passes + warmup))
      return [{ type: 'warmup', architecture: inSpace(space, architecture!), position: positionOf(state) }]
    }
    if (round > rounds) return []
    return samplePass(remaining, passSeed((round - 1) * passes + pass - 1))
      .slice(sample - 1, sample - 1 + most)
      .map((architecture, i) => ({
        type: 'sample',
        architecture: inSpace(space, architecture),
        position: positionOf({ ...state, sample: sample + i }),
      }))
  }

  const recordSample = (state: CpNasState, entry: SampleEntry): CpNasState => {
    const after = { ...state, ...recordOf(state, entry) }
    const { round, pass, sample } = state
    if (sample < samplesIn(operations.length, round)) return { ...after, sample: sample + 1 }
    if (pass < passes) return { ...after, pass: pass + 1, sample: 1 }
    const drop = dropOf(after)
    return {
      ...after,
      ...recordOf(after, drop),
      round: round + 1,
      pass: 1,
      sample: 1,
      remaining: {
        normal: without(state.remaining.normal, drop.normal),
        reduce: without(state.remaining.reduce, drop.reduce),
      },
    }
  }

  const tellOne = (state: CpNasState, observation: Observation): CpNasState =>
    observation.proposal.type === 'warmup'
      ? { ...state, ...recordOf(state, warmupOf(observation, state.warmup + 1)), warmup: state.warmup + 1 }
      : recordSample(
          state,
          sampleOf(
            observation, // Without a Parent beta_P is 0, as in bnas.
            ({ child, parent }) => z(parent?.accuracy ?? child.accuracy, child.accuracy, betaP),
          ),
        )

  return {
    initial: { warmup: 0, round: 1, pass: 1, sample: 1, remaining: everywhere, history: [] },
    ask,
    tell: (state, observations) => observations.reduce(tellOne, state),
    /** With `edges: 2`, the two inputs a node keeps are those of highest mean z in the last round. */
    result: ({ remaining, history }) => {
      const last = history.find((entry): entry is DropEntry => entry.type === 'drop' && entry.round === rounds)!
      const scores = (kind: CellKind): readonly number[] =>
        last[kind].map((indicator, edge) => indicator.zbar[indicator.operations.indexOf(remaining[kind][edge]![0]!)]!)
      return keepEdges(space, genotypeOf(remaining), edges, { normal: scores('normal'), reduce: scores('reduce') })
    },
    remaining: ({ remaining }) => remaining,
    score: state => {
      const values = operationScores(state)
      return genotype =>
        cellKinds
          .flatMap(kind => genotype[kind].map((operation, edge) => values[kind][edge]!.get(operation) ?? 0))
          .reduce((a, b) => a + b, 0)
    },
    length: { warmups: warmupEpochs, samples: (passes * rounds * (operations.length + 2)) / 2 },
  }
}

/** The first of the remaining operations of every edge. */
const genotypeOf = (remaining: Mixture): Genotype => {
  const [normal, reduce] = cellKinds.map(kind => remaining[kind].map(operations => operations[0]!))
  return { normal: normal!, reduce: reduce! }
}

/**
 * What every operation of every edge is worth: its mean z in the last round that it was in, as a difference to the mean of that round and
 * edge. Not stated in the source, which ranks the operations of one edge only.
 */
const operationScores = ({
  history,
}: SearchState): Readonly<Record<CellKind, readonly ReadonlyMap<string, number>[]>> => {
  const drops = history.filter((entry): entry is DropEntry => entry.type === 'drop')
  const of = (kind: CellKind): readonly ReadonlyMap<string, number>[] =>
    (drops[0]?.[kind] ?? []).map((_, edge) => {
      const values = new Map<string, number>()
      for (const drop of drops) {
        const { operations, zbar } = drop[kind][edge]!
        const centre = mean(zbar)
        for (const [i, operation] of operations.entries()) values.set(operation, zbar[i]! - centre)
      }
      return values
    })
  return { normal: of('normal'), reduce: of('reduce') }
}

const dropOf = (state: CpNasState): DropEntry => {
  const samples = samplesOf(state).filter(({ round }) => round === state.round)
  const indicators = (kind: CellKind): readonly EdgeIndicator[] =>
    state.remaining[kind].map((operations, edge) =>
      indicatorOf(operations, operation => samples.filter(s => s.architecture[kind][edge] === operation)),
    )
  return { type: 'drop', round: state.round, normal: indicators('normal'), reduce: indicators('reduce') }
}

const indicatorOf = (
  operations: readonly string[],
  samplesWith: (operation: string) => readonly SampleEntry[],
): EdgeIndicator => {
  const zbar = operations.map(operation => mean(samplesWith(operation).map(entry => entry.z)))
  return { operations, zbar, e: softmax(zbar), dropped: operations[abandon(zbar)]! }
}

const without = (
  remaining: readonly (readonly string[])[],
  drop: readonly EdgeIndicator[],
): readonly (readonly string[])[] =>
  remaining.map((operations, edge) => operations.filter(operation => operation !== drop[edge]!.dropped))

/** `cp-nas`. */
export const cpNas: StrategyRecord = {
  description: 'abandon the worst operation of every edge in each round (CP-NAS, arXiv 2005.00057)',
  options: ['edges', 'passes', 'betaP', 'parallel', 'warmupEpochs'],
  evaluator: 'shared-weights',
  usesParent: true,
  create: cpNasStrategy,
}

/**
 * `bnas`: as `cp-nas`, but an operation is judged by the Child's accuracy alone. Source: Chen et al., Binarized Neural Architecture
 * Search (arXiv 1911.10862). Deviation: there sampling in later passes prefers operations that did well; here it is uniform.
 */
export const bnas: StrategyRecord = {
  description: "abandon the worst operation of every edge by the Child's accuracy (BNAS, arXiv 1911.10862)",
  options: ['edges', 'passes', 'parallel', 'warmupEpochs'],
  evaluator: 'shared-weights',
  usesParent: false,
  create: config => cpNasStrategy({ ...config, betaP: 0 }),
}
