import { generatorFor } from '@cpnas/core'
import { inSpace, spaceOf } from '@cpnas/supernet'
import { candidatesOf, type SearchConfig } from '../config.js'
import { samplesOf } from '../history.js'
import type { Strategy, StrategyRecord } from '../strategy.js'
import type { SampleEntry, SearchState } from '../types.js'
import { bestOf, drawGenotype, recordSamples } from './samples.js'

/** So many architectures, each trained for so many epochs. */
interface Rung {
  readonly architectures: number
  readonly epochs: number
}

/** From many architectures and few epochs to few and `epochsPerSample`; every rung has the eta-th part of the last one's architectures. */
export const rungsOf = ({ samples, eta, epochsPerSample }: SearchConfig): readonly Rung[] => {
  const count = Math.floor(Math.log(epochsPerSample) / Math.log(eta) + 1e-9) + 1
  return Array.from({ length: count }, (_, rung) => ({
    architectures: Math.max(1, Math.floor(samples / eta ** rung)),
    epochs: Math.max(1, Math.round(epochsPerSample / eta ** (count - 1 - rung))),
  }))
}

/** The samples of every rung so far. */
const byRung = (state: SearchState, rungs: readonly Rung[]): readonly (readonly SampleEntry[])[] => {
  const samples = samplesOf(state)
  return rungs.map((_, rung) => samples.filter(({ round }) => round === rung + 1))
}

const create = (config: SearchConfig): Strategy => {
  const rungs = rungsOf(config)
  const everywhere = candidatesOf(config)
  const space = spaceOf(config)
  const first = Array.from({ length: rungs[0]!.architectures }, (_, i) =>
    inSpace(space, drawGenotype(generatorFor(config.seed, `sample ${i + 1}`), everywhere)),
  )
  return {
    initial: { history: [] },
    ask: (state, most = 1) => {
      const done = byRung(state, rungs)
      const rung = done.findIndex((samples, i) => samples.length < rungs[i]!.architectures)
      if (rung < 0) return []
      const { architectures, epochs } = rungs[rung]!
      const chosen =
        rung === 0 ? first : [...done[rung - 1]!].sort((a, b) => b.z - a.z).map(({ architecture }) => architecture)
      const end = Math.min(architectures, done[rung]!.length + most)
      return chosen.slice(done[rung]!.length, end).map((architecture, i) => ({
        type: 'sample',
        architecture,
        epochs,
        position: {
          ...{ round: rung + 1, rounds: rungs.length, pass: 1, passes: 1 },
          ...{ sample: done[rung]!.length + i + 1, samples: architectures },
        },
      }))
    },
    tell: recordSamples(config),
    result: state => bestOf(byRung(state, rungs).at(-1)!).architecture,
    remaining: () => everywhere,
    length: { warmups: 0, samples: rungs.reduce((sum, { architectures }) => sum + architectures, 0) },
  }
}

/**
 * `successive-halving`: `samples` architectures drawn uniformly are trained for a few epochs; the best part, one in eta, is trained eta times as
 * long, and so on up to `epochsPerSample`. The result is the best of the last rung. Source: Jamieson and Talwalkar, Non-stochastic Best
 * Arm Identification (arXiv 1502.07943); eta 3 as in Hyperband (arXiv 1603.06560). Deviation: a rung trains anew instead of going on, and
 * epochs are rounded.
 */
export const successiveHalving: StrategyRecord = {
  description:
    'train many architectures briefly, the best of them for longer (Jamieson and Talwalkar, arXiv 1502.07943)',
  options: ['samples', 'eta', 'score'],
  evaluators: ['scratch'],
  usesParent: false,
  create,
}
