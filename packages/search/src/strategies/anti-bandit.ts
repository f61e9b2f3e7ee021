import { generatorFor } from '@cpnas/core'
import { softmax } from '@cpnas/indicator'
import { type CellKind, cellKinds, type Genotype, inSpace, type Mixture, spaceOf } from '@cpnas/supernet'
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator'
import { candidatesOf, operationsOf, type SearchConfig } from '../config.js'
import { recordOf, sampleOf, samplesOf } from '../history.js'
import type { Observation, Strategy, StrategyRecord } from '../strategy.js'
import type { SampleEntry, SearchState } from '../types.js'

/** Share of the newest accuracy in an operation's moving average. */
const newest = 0.7

/** Where a search by the anti-bandit stands. */
interface AntiBanditState extends SearchState {
  readonly round: number
  readonly remaining: Mixture
}

/** The moving average of an operation's accuracies and the width of its confidence interval; of one never seen, 0 and the widest. */
const boundsOf = (samples: readonly SampleEntry[], kind: CellKind, edge: number, operation: string) => {
  const own = samples.filter(({ architecture }) => architecture[kind][edge] === operation)
  const average = own.reduce((m, { z }, i) => (i === 0 ? z : (1 - newest) * m + newest * z), 0)
  const width = Math.sqrt((2 * Math.log(Math.max(1, samples.length))) / Math.max(1, own.length))
  return { lower: average - width, upper: average + width }
}

/** The index of a value drawn with these probabilities. */
export const drawIndex = (generator: RandomGenerator, probabilities: readonly number[]): number => {
  let left = uniformFloat64(generator)
  const index = probabilities.findIndex(p => {
    left -= p
    return left < 0
  })
  return index < 0 ? probabilities.length - 1 : index
}

const mapEdges = <A>(
  { normal, reduce }: Mixture,
  of: (operations: readonly string[], kind: CellKind, edge: number) => A,
): Readonly<Record<CellKind, readonly A[]>> => ({
  normal: normal.map((operations, edge) => of(operations, 'normal', edge)),
  reduce: reduce.map((operations, edge) => of(operations, 'reduce', edge)),
})

const create = (config: SearchConfig): Strategy<AntiBanditState> => {
  const count = operationsOf(config).length
  const space = spaceOf(config)
  const everywhere = candidatesOf(config)
  const samplesIn = (round: number): number => config.passes * (count - round + 1)

  const draw = (state: AntiBanditState): Genotype => {
    const samples = samplesOf(state)
    const generator = generatorFor(config.seed, `sample ${samples.length + 1}`)
    return inSpace(
      space,
      mapEdges(state.remaining, (operations, kind, edge) => {
        const lower = operations.map(operation => boundsOf(samples, kind, edge, operation).lower)
        return operations[drawIndex(generator, softmax(lower.map(bound => -bound)))]!
      }),
    )
  }

  const abandon = (state: AntiBanditState): AntiBanditState => {
    const samples = samplesOf(state)
    const remaining = mapEdges(state.remaining, (operations, kind, edge) => {
      const upper = operations.map(operation => boundsOf(samples, kind, edge, operation).upper)
      const worst = upper.indexOf(Math.min(...upper))
      return operations.filter((_, i) => i !== worst)
    })
    return { ...state, round: state.round + 1, remaining }
  }

  const tellOne = (state: AntiBanditState, observation: Observation): AntiBanditState => {
    const entry = sampleOf(observation, ({ child }) => child.accuracy)
    const after = { ...state, ...recordOf(state, entry) }
    return entry.sample < samplesIn(state.round) ? after : abandon(after)
  }

  const placed = ({ history, round }: AntiBanditState): number =>
    samplesOf({ history }).filter(entry => entry.round === round).length

  return {
    initial: { history: [], round: 1, remaining: everywhere },
    ask: state =>
      state.round >= count
        ? []
        : [
            {
              type: 'sample',
              architecture: draw(state),
              position: {
                ...{ round: state.round, rounds: count - 1, pass: 1, passes: 1 },
                ...{ sample: placed(state) + 1, samples: samplesIn(state.round) },
              },
            },
          ],
    tell: (state, observations) => observations.reduce(tellOne, state),
    result: ({ remaining }) => mapEdges(remaining, operations => operations[0]!),
    remaining: ({ remaining }) => remaining,
    score: state => {
      const samples = samplesOf(state)
      return genotype =>
        cellKinds
          .flatMap(kind => genotype[kind].map((operation, edge) => boundsOf(samples, kind, edge, operation)))
          .reduce((sum, { lower, upper }) => sum + (lower + upper) / 2, 0)
    },
    length: { warmups: 0, samples: (config.passes * (count - 1) * (count + 2)) / 2 },
  }
}

/**
 * `anti-bandit`: on every edge an operation is drawn, the likelier the lower the lower confidence bound of its accuracy, so that rarely
 * tried ones catch up; after T samples for every operation that remains, each edge abandons the one of lowest upper bound. Source: Chen et
 * al., Anti-Bandit Neural Architecture Search for Model Defense (arXiv 2008.00698), for bounds of width sqrt(2 ln N / n). Its code
 * is not public; the softmax of the negative bounds and the moving average's 0.7 are as we read it. Deviation: the reward is the Child's
 * accuracy on clean images.
 */
export const antiBandit: StrategyRecord = {
  description: 'abandon operations by confidence bounds of their accuracy (ABanditNAS, arXiv 2008.00698)',
  options: ['passes'],
  evaluator: 'shared-weights',
  usesParent: false,
  create,
}
