import { abandon, mean, softmax } from '@cpnas/indicator'
import { type Genotype, keepEdges, type Operation, type Remaining } from '@cpnas/supernet'
import type { SearchConfig } from './config.js'
import { covering, roundCount, samplesIn, samplesOf } from './plan.js'
import type { DropEntry, EdgeIndicator, SampleEntry, SearchState, WarmupEntry } from './types.js'

/** The state after a warm-up epoch. */
export const recordWarmup = (state: SearchState, entry: WarmupEntry): SearchState => ({
  ...state,
  warmup: state.warmup + 1,
  history: [...state.history, entry],
})

/** The state after a sample: one sample further, and after the last one of a round without the dropped operations. */
export const recordSample = (config: SearchConfig, state: SearchState, entry: SampleEntry): SearchState => {
  const after = { ...state, history: [...state.history, entry] }
  const { round, pass, sample } = state
  if (sample < samplesIn(config, round)) return { ...after, sample: sample + 1 }
  if (pass < config.passes) return { ...after, pass: pass + 1, sample: 1 }
  const drop = dropOf(after)
  return {
    ...after,
    round: round + 1,
    pass: 1,
    sample: 1,
    remaining: {
      normal: without(state.remaining.normal, drop.normal),
      reduce: without(state.remaining.reduce, drop.reduce),
    },
    history: [...after.history, drop],
  }
}

const dropOf = (state: SearchState): DropEntry => {
  const samples = samplesOf(state).filter(({ round }) => round === state.round)
  const indicators = (kind: keyof Remaining): readonly EdgeIndicator[] =>
    state.remaining[kind].map((operations, edge) =>
      indicatorOf(operations, operation => samples.filter(s => s.architecture[kind][edge] === operation)),
    )
  return { type: 'drop', round: state.round, normal: indicators('normal'), reduce: indicators('reduce') }
}

const indicatorOf = (
  operations: readonly Operation[],
  samplesWith: (operation: Operation) => readonly SampleEntry[],
): EdgeIndicator => {
  const zbar = operations.map(operation => mean(samplesWith(operation).map(({ z }) => z)))
  return { operations, zbar, e: softmax(zbar), dropped: operations[abandon(zbar)]! }
}

const without = (
  remaining: readonly (readonly Operation[])[],
  drop: readonly EdgeIndicator[],
): readonly (readonly Operation[])[] =>
  remaining.map((operations, edge) => operations.filter(operation => operation !== drop[edge]!.dropped))

/** The result of a finished search; with `edges: 2`, the two inputs a node keeps are those of highest mean z in the last round. */
export const genotypeOf = (config: SearchConfig, { remaining, history }: SearchState): Genotype => {
  const [genotype] = covering(remaining)
  const last = history.find((entry): entry is DropEntry => entry.type === 'drop' && entry.round === roundCount(config))!
  const scores = (kind: keyof Remaining): readonly number[] =>
    last[kind].map(({ operations, zbar }, edge) => zbar[operations.indexOf(remaining[kind][edge]![0]!)]!)
  return keepEdges(genotype!, config.edges, { normal: scores('normal'), reduce: scores('reduce') })
}
