import { generatorFor } from '@cpnas/core'
import { softmax } from '@cpnas/indicator'
import { type CellKind, type Genotype, inSpace, spaceOf } from '@cpnas/supernet'
import { candidatesOf, type SearchConfig } from '../config.js'
import { recordOf, sampleOf, samplesOf } from '../history.js'
import type { Observation, Strategy, StrategyRecord } from '../strategy.js'
import type { SearchState } from '../types.js'
import { drawIndex } from './anti-bandit.js'
import { bestOf, searchedKinds } from './samples.js'

const learningRate = 0.1
const baselineDecay = 0.9
const [beta1, beta2, epsilon] = [0.9, 0.999, 1e-8]

/** A number for every operation of every edge of a cell. */
type Numbers = readonly (readonly number[])[]

/** A policy in the middle of its training; logits and Adam's moments of every kind of cell. */
interface ReinforceState extends SearchState {
  readonly logits: Readonly<Record<CellKind, Numbers>>
  readonly first: Readonly<Record<CellKind, Numbers>>
  readonly second: Readonly<Record<CellKind, Numbers>>
  /** Moving average of the rewards; undefined before the first. */
  readonly baseline?: number
}

const zip = (a: Numbers, b: Numbers, of: (x: number, y: number) => number): Numbers =>
  a.map((row, i) => row.map((x, j) => of(x, b[i]![j]!)))

const create = (config: SearchConfig): Strategy<ReinforceState> => {
  const { seed, samples } = config
  const space = spaceOf(config)
  const everywhere = candidatesOf(config)
  const kinds = searchedKinds(config)
  const zeros = {
    normal: everywhere.normal.map(ops => ops.map(() => 0)),
    reduce: everywhere.reduce.map(ops => ops.map(() => 0)),
  }

  const draw = ({ logits, history }: ReinforceState): Genotype => {
    const generator = generatorFor(seed, `sample ${samplesOf({ history }).length + 1}`)
    const of = (kind: CellKind): readonly string[] =>
      everywhere[kind].map((operations, edge) => operations[drawIndex(generator, softmax(logits[kind][edge]!))]!)
    return inSpace(space, { normal: of('normal'), reduce: of('reduce') })
  }

  /** The gradient of an architecture's log-probability. */
  const gradientOf = (logits: Numbers, kind: CellKind, genotype: Genotype): Numbers =>
    logits.map((row, edge) => {
      const probabilities = softmax(row)
      return everywhere[kind][edge]!.map(
        (operation, k) => (operation === genotype[kind][edge] ? 1 : 0) - probabilities[k]!,
      )
    })

  const tellOne = (state: ReinforceState, observation: Observation): ReinforceState => {
    const entry = sampleOf(observation, ({ child }) => child.accuracy)
    const { baseline = entry.z } = state
    const advantage = entry.z - baseline
    const step = samplesOf(state).length + 1
    const updated = kinds.map(kind => {
      const gradient = gradientOf(state.logits[kind], kind, entry.architecture)
      const first = zip(state.first[kind], gradient, (m, g) => beta1 * m + (1 - beta1) * advantage * g)
      const second = zip(state.second[kind], gradient, (v, g) => beta2 * v + (1 - beta2) * (advantage * g) ** 2)
      const change = zip(
        first,
        second,
        (m, v) => m / (1 - beta1 ** step) / (Math.sqrt(v / (1 - beta2 ** step)) + epsilon),
      )
      return { kind, first, second, logits: zip(state.logits[kind], change, (x, d) => x + learningRate * d) }
    })
    const replaced = (slot: 'logits' | 'first' | 'second') => ({
      ...state[slot],
      ...Object.fromEntries(updated.map(one => [one.kind, one[slot]])),
    })
    return {
      ...recordOf(state, entry),
      logits: replaced('logits'),
      first: replaced('first'),
      second: replaced('second'),
      baseline: baselineDecay * baseline + (1 - baselineDecay) * entry.z,
    }
  }

  return {
    initial: { history: [], logits: zeros, first: zeros, second: zeros },
    ask: state => {
      const sample = samplesOf(state).length + 1
      return sample > samples
        ? []
        : [
            {
              type: 'sample',
              architecture: draw(state),
              position: { round: 1, rounds: 1, pass: 1, passes: 1, sample, samples },
            },
          ]
    },
    tell: (state, observations) => observations.reduce(tellOne, state),
    result: state => bestOf(samplesOf(state)).architecture,
    remaining: () => everywhere,
    score:
      ({ logits }) =>
      genotype =>
        kinds
          .flatMap(kind =>
            genotype[kind].map((operation, edge) =>
              Math.log(softmax(logits[kind][edge]!)[everywhere[kind][edge]!.indexOf(operation)]!),
            ),
          )
          .reduce((a, b) => a + b, 0),
    length: { warmups: 0, samples },
  }
}

/**
 * `reinforce`: a policy that draws the operation of every edge learns from the Child's accuracy, over a moving average, by REINFORCE with
 * Adam; the result is the best architecture that it drew. Source: Zoph and Le (arXiv 1611.01578); over shared weights ENAS (arXiv
 * 1802.03268). Deviations: independent logits for every edge instead of an LSTM, as in NAS-Bench-201's baseline (arXiv 2001.00326), and a
 * learning rate of 0.1 for the few samples of our searches.
 */
export const reinforce: StrategyRecord = {
  description: 'a policy that learns by REINFORCE which operations do well (ENAS, arXiv 1802.03268)',
  options: ['samples'],
  evaluator: 'shared-weights',
  usesParent: false,
  create,
}
