import { trainingStepWork } from '@cpnas/training'
import type { Done, Evaluator, Reporter } from './evaluator.js'
import { samplesOf } from './history.js'
import type { SearchLength } from './strategy.js'
import type { Position, SearchEvent, SearchState } from './types.js'

type Cost = Evaluator<unknown>['cost']

const workOf = (cost: Cost, { warmups, samples }: Done): number => cost.warmup * warmups + cost.sample * samples

/** The work that a state has done. */
export const doneIn = (state: SearchState): Done => ({
  warmups: state.history.filter(({ type }) => type === 'warmup').length,
  samples: samplesOf(state).length,
})

/** Share of the whole search's work that a state has behind it, 0..1. */
export const fractionDone = (cost: Cost, length: SearchLength, state: SearchState): number =>
  workOf(cost, doneIn(state)) / workOf(cost, length)

/** A reporter for a proposal that follows a state. */
export const reporter = (
  cost: Cost,
  length: SearchLength,
  state: SearchState,
  position: Position,
  emit: (event: SearchEvent) => void,
): Reporter => {
  const total = workOf(cost, length)
  let work = workOf(cost, doneIn(state))
  return (phase, network, steps) => step => {
    work += (phase === 'evaluate' ? 1 : trainingStepWork) * (network === 'both' ? 2 : 1)
    emit({ type: 'progress', fraction: work / total, phase, network, ...position, step, steps })
  }
}
