import { type CellKind, type Genotype, inSpace, keepEdges, spaceOf } from '@cpnas/supernet'
import { candidatesOf, type SearchConfig } from '../config.js'
import { recordOf, sampleOf, samplesOf } from '../history.js'
import type { Observation, Preferences, Strategy, StrategyRecord } from '../strategy.js'
import type { SearchState } from '../types.js'
import { searchedKinds } from './samples.js'

/** A relaxed search: what its architecture's weights say by now. */
interface DartsState extends SearchState {
  readonly preferences: Readonly<Record<CellKind, Preferences>>
}

/** What is never chosen, where there is anything else. */
const zero = 'none'

const create = (config: SearchConfig): Strategy<DartsState> => {
  const { samples, edges } = config
  const space = spaceOf(config)
  const everywhere = candidatesOf(config)
  const uniform = (kind: CellKind): Preferences => ({
    operations: everywhere[kind].map(operations => operations.map(() => 1 / operations.length)),
  })

  /** On every edge the operation of the largest share but for `none`; the first of equals. */
  const chosen = (
    kind: CellKind,
    { operations }: Preferences,
  ): readonly { readonly name: string; readonly share: number }[] =>
    everywhere[kind].map((names, edge) =>
      names
        .map((name, i) => ({ name, share: operations[edge]![i]! }))
        .filter(({ name }) => name !== zero)
        .reduce((best, one) => (one.share > best.share ? one : best)),
    )
  const genotypeOf = ({ normal, reduce }: DartsState['preferences']): Genotype =>
    inSpace(space, {
      normal: chosen('normal', normal).map(({ name }) => name),
      reduce: chosen('reduce', reduce).map(({ name }) => name),
    })

  const tellOne = (state: DartsState, observation: Observation): DartsState => {
    const { preferences = state.preferences } = observation
    const proposal = { ...observation.proposal, architecture: genotypeOf(preferences) }
    const entry = sampleOf({ ...observation, proposal }, ({ child }) => child.accuracy)
    return { ...recordOf(state, entry), preferences }
  }

  return {
    initial: { history: [], preferences: { normal: uniform('normal'), reduce: uniform('reduce') } },
    ask: state => {
      const sample = samplesOf(state).length + 1
      return sample > samples
        ? []
        : [
            {
              type: 'sample',
              architecture: genotypeOf(state.preferences),
              position: { round: 1, rounds: 1, pass: 1, passes: 1, sample, samples },
            },
          ]
    },
    tell: (state, observations) => observations.reduce(tellOne, state),
    /** With `edges: 2`, a node keeps the two inputs of largest share, times that of their edge where edges are weighted. */
    result: ({ preferences }) => {
      const scores = (kind: CellKind): readonly number[] =>
        chosen(kind, preferences[kind]).map(({ share }, edge) => share * (preferences[kind].edges?.[edge] ?? 1))
      return keepEdges(space, genotypeOf(preferences), edges, { normal: scores('normal'), reduce: scores('reduce') })
    },
    remaining: () => everywhere,
    score:
      ({ preferences }) =>
      genotype =>
        searchedKinds(config)
          .flatMap(kind =>
            genotype[kind].map((operation, edge) =>
              Math.log(preferences[kind].operations[edge]![everywhere[kind][edge]!.indexOf(operation)]!),
            ),
          )
          .reduce((a, b) => a + b, 0),
    length: { warmups: 0, samples },
  }
}

/**
 * `darts`: the choice among operations is relaxed to shares that are learned by gradient descent on the Child's loss; a sample is an epoch, and on
 * every edge the operation of the largest share is the result, never `none`. Source: Liu et al., DARTS (arXiv 1806.09055), first order: 50
 * epochs, no warm-up, `edges` 2, rate 3e-4 of the architecture. Deviations: see `relaxed`; all edges stay unless `edges` says otherwise.
 */
export const darts: StrategyRecord = {
  description: 'relax the choice and learn it by gradient descent (DARTS first order, arXiv 1806.09055)',
  options: ['samples', 'edges', 'architectureLearningRate'],
  evaluators: ['relaxed'],
  relaxation: { partialChannels: 1, weighsEdges: false },
  usesParent: false,
  create,
}

/**
 * `pc-darts`: as `darts`, with a quarter of the channels through the operations, so that a step costs less, and a learned share for every edge
 * of a node. Source: Xu et al., PC-DARTS (arXiv 1907.05737): 50 epochs, of which the first 15 train no architecture (`warmupEpochs`), `edges`
 * 2, rate 6e-4 of the architecture. Deviations: as `darts`.
 */
export const pcDarts: StrategyRecord = {
  ...darts,
  description: 'DARTS on a quarter of the channels, edges weighted too (PC-DARTS, arXiv 1907.05737)',
  relaxation: { partialChannels: 4, weighsEdges: true },
}

/**
 * `dcp-nas`: as `darts`, but an epoch of the Parent and one of the Child in turn train one architecture; the Child learns from the Parent's
 * predictions, and its gradient by the architecture is held to the Parent's, the tangent direction. Source: Li et al., DCP-NAS (arXiv 2306.15390),
 * the authors' successor of CP-NAS; lambda 1e-3 is the best of its ablation. Deviations: see `relaxed` and `tangentPropagation`; without the decoupled
 * optimization of weights and architecture (1.2 of its 72.4 points), whose thresholds and initial values are not stated, and without the reconstruction
 * loss: the scales that it learns follow from the latent filters here.
 */
export const dcpNas: StrategyRecord = {
  ...darts,
  description: 'DARTS of Parent and Child in turn, the Child along the Parent (DCP-NAS, arXiv 2306.15390)',
  relaxation: { partialChannels: 1, weighsEdges: false, tangentWeight: 1e-3 },
  usesParent: true,
}
