import type { SplitBatches } from '@cpnas/data'
import type { SearchConfig } from './config.js'
import { roundCount, sampleCount, samplesIn, samplesOf } from './plan.js'
import type { ProgressEvent, SearchEvent, SearchState } from './types.js'

/** A training step has a forward pass and a backward pass of about twice the work. */
const trainingWeight = 3
const networks = 2

type Steps = Pick<SplitBatches, 'trainingSteps' | 'validationSteps'>

const workOf = (
  config: SearchConfig,
  { trainingSteps, validationSteps }: Steps,
  warmups: number,
  samples: number,
): number =>
  networks * (trainingWeight * trainingSteps * (warmups + config.epochsPerSample * samples) + validationSteps * samples)

/** Share of the whole search's work that a state has behind it, 0..1. */
export const fractionDone = (config: SearchConfig, steps: Steps, state: SearchState): number =>
  workOf(config, steps, state.warmup, samplesOf(state).length) /
  workOf(config, steps, config.warmupEpochs, sampleCount(config))

/** Tells of the steps of one phase; gives what is to be called after each. */
export type Reporter = (
  phase: ProgressEvent['phase'],
  network: ProgressEvent['network'],
  steps: number,
) => (step: number) => void

/** A reporter for the task that follows a state. */
export const reporter = (
  config: SearchConfig,
  splits: Steps,
  state: SearchState,
  emit: (event: SearchEvent) => void,
): Reporter => {
  const { round, pass, sample } = state
  const place = {
    round,
    rounds: roundCount(config),
    pass,
    passes: config.passes,
    sample,
    samples: samplesIn(config, round),
  }
  const total = workOf(config, splits, config.warmupEpochs, sampleCount(config))
  let work = fractionDone(config, splits, state) * total
  return (phase, network, steps) => step => {
    work += (phase === 'evaluate' ? 1 : trainingWeight) * (network === 'both' ? networks : 1)
    emit({ type: 'progress', fraction: work / total, phase, network, ...place, step, steps })
  }
}
