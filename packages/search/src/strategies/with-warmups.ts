import { generatorFor } from '@cpnas/core'
import { inSpace, spaceOf } from '@cpnas/supernet'
import { candidatesOf, type SearchConfig } from '../config.js'
import { recordOf, warmupOf } from '../history.js'
import type { Observation, Strategy } from '../strategy.js'
import type { SearchState } from '../types.js'
import { drawGenotype } from './samples.js'

const warmupsIn = ({ history }: SearchState): number => history.filter(({ type }) => type === 'warmup').length

/** The strategy after `warmupEpochs` warm-ups; one that has warm-ups of its own stays as it is. */
export const withWarmups = (config: SearchConfig, strategy: Strategy): Strategy => {
  const { seed, warmupEpochs } = config
  if (strategy.length.warmups > 0) return strategy
  const space = spaceOf(config)
  const [first] = strategy.ask(strategy.initial)
  const tellOne = (state: SearchState, observation: Observation): SearchState =>
    observation.proposal.type === 'warmup'
      ? { ...state, ...recordOf(state, warmupOf(observation, warmupsIn(state) + 1)) }
      : strategy.tell(state, [observation])
  return {
    ...strategy,
    ask: (state, most) => {
      const done = warmupsIn(state)
      if (done >= warmupEpochs) return strategy.ask(state, most)
      const generator = generatorFor(seed, `warm-up ${done + 1}`)
      const architecture = inSpace(space, drawGenotype(generator, candidatesOf(config)))
      return [{ type: 'warmup', architecture, position: first!.position }]
    },
    tell: (state, observations) => observations.reduce(tellOne, state),
    length: { ...strategy.length, warmups: warmupEpochs },
  }
}
