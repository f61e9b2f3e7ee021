import type { Genotype, Remaining } from '@cpnas/supernet'
import { cellKinds, edges, samplePass } from '@cpnas/supernet'
import { cosine } from '@cpnas/training'
import type { SearchConfig } from './config.js'
import type { SampleEntry, SearchState } from './types.js'

/** What the search does next. */
export type Task =
  | { readonly type: 'warmup'; readonly epoch: number; readonly architecture: Genotype }
  | {
      readonly type: 'sample'
      /** Each from 1. */
      readonly round: number
      readonly pass: number
      readonly sample: number
      readonly architecture: Genotype
    }
  | { readonly type: 'done' }

/** A round for every operation but the one that stays. */
export const roundCount = ({ operations }: SearchConfig): number => operations.length - 1

/** Samples of a pass, K: the operations that remain on every edge. */
export const samplesIn = ({ operations }: SearchConfig, round: number): number => operations.length - round + 1

/** Samples of the whole search: T * (K + (K-1) + ... + 2), which is 35 * T for the source's eight operations. */
export const sampleCount = (config: SearchConfig): number =>
  (config.passes * roundCount(config) * (config.operations.length + 2)) / 2

/** Epochs of the whole search, warm-up included; each trains Child and Parent. */
export const epochCount = (config: SearchConfig): number =>
  config.warmupEpochs + config.epochsPerSample * sampleCount(config)

/** The learning rate of an epoch, counted from 0 over the whole search: constant within, along a cosine from one to the next. */
export const learningRate = (config: SearchConfig, epoch: number): number =>
  cosine({ initial: config.learningRate, minimum: config.minLearningRate, total: epochCount(config) }, epoch)

const everywhere = (config: SearchConfig): Remaining => ({
  normal: edges.map(() => config.operations),
  reduce: edges.map(() => config.operations),
})

/** Where every search begins. */
export const initialState = (config: SearchConfig): SearchState => ({
  warmup: 0,
  round: 1,
  pass: 1,
  sample: 1,
  remaining: everywhere(config),
  history: [],
})

/** The entries of all samples so far, in order. */
export const samplesOf = ({ history }: SearchState): readonly SampleEntry[] =>
  history.filter(entry => entry.type === 'sample')

/** Epochs trained before the next task. */
export const epochsDone = (config: SearchConfig, state: SearchState): number =>
  state.warmup + config.epochsPerSample * samplesOf(state).length

/** A seed of its own for every pass; those of the warm-up come after those of the rounds. */
const passSeed = ({ seed }: SearchConfig, index: number): number => seed * 2 ** 20 + index

/** The next task: a function of configuration and state alone, which is why a search can be resumed. */
export const nextTask = (config: SearchConfig, state: SearchState): Task => {
  const { warmup, round, pass, sample, remaining } = state
  if (warmup < config.warmupEpochs) {
    const [architecture] = samplePass(everywhere(config), passSeed(config, roundCount(config) * config.passes + warmup))
    return { type: 'warmup', epoch: warmup + 1, architecture: architecture! }
  }
  if (round > roundCount(config)) return { type: 'done' }
  const pool = samplePass(remaining, passSeed(config, (round - 1) * config.passes + pass - 1))
  return { type: 'sample', round, pass, sample, architecture: pool[sample - 1]! }
}

/** Architectures that together have every remaining operation of every edge: the supernet is the union of their networks. */
export const covering = (remaining: Remaining): readonly Genotype[] =>
  Array.from({ length: remaining.normal[0]!.length }, (_, i) => genotypeAt(remaining, i))

const genotypeAt = (remaining: Remaining, i: number): Genotype => {
  const [normal, reduce] = cellKinds.map(kind => remaining[kind].map(operations => operations[i]!))
  return { normal: normal!, reduce: reduce! }
}
