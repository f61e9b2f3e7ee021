import type { SplitBatches } from '@cpnas/data'
import { trainingStepWork } from '@cpnas/training'
import type { SearchConfig } from '../config.js'
import type { Evaluator } from '../evaluator.js'
import type { HistoryEntry, SearchState } from '../types.js'
import { networksOf } from './weights.js'

/** Batches that are trained with, and that are evaluated; each counts once for every network that it goes through. */
export interface Batches {
  readonly trained: number
  readonly evaluated: number
}

/** The batches of a warm-up epoch and of a sample. */
export interface ProposalBatches {
  readonly warmup: Batches
  readonly sample: Batches
}

/** What the number of batches depends on. */
export interface BatchSetting {
  readonly config: SearchConfig
  readonly splits: Pick<SplitBatches, 'trainingSteps' | 'validationSteps'>
}

/** Where every network of a sample is trained for `epochsPerSample` epochs and then evaluated. */
export const batchesOfTraining = ({ config, splits }: BatchSetting): ProposalBatches => {
  const networks = networksOf(config).length
  const epoch = networks * splits.trainingSteps
  return {
    warmup: { trained: epoch, evaluated: 0 },
    sample: { trained: config.epochsPerSample * epoch, evaluated: networks * splits.validationSteps },
  }
}

/** Where the networks of a sample are evaluated only. */
export const batchesOfEvaluation = (setting: BatchSetting): ProposalBatches => {
  const { warmup, sample } = batchesOfTraining(setting)
  return { warmup, sample: { ...sample, trained: 0 } }
}

const work = ({ trained, evaluated }: Batches): number => trainingStepWork * trained + evaluated

/** Their work: the cost of an evaluator. */
export const costOfBatches = ({ warmup, sample }: ProposalBatches): Evaluator<unknown>['cost'] => ({
  warmup: work(warmup),
  sample: work(sample),
})

/** The batches of what a search has done. `batches` are those of its evaluator; a sample may have epochs of its own. */
export const batchesIn = (
  batches: (setting: BatchSetting) => ProposalBatches,
  { config, splits }: BatchSetting,
  history: SearchState['history'],
): Batches => {
  const of = (entry: HistoryEntry): Batches => {
    if (entry.type === 'drop') return { trained: 0, evaluated: 0 }
    if (entry.type === 'warmup') return batches({ config, splits }).warmup
    const { epochs = config.epochsPerSample } = entry
    return batches({ config: { ...config, epochsPerSample: epochs }, splits }).sample
  }
  return history.map(of).reduce((a, b) => ({ trained: a.trained + b.trained, evaluated: a.evaluated + b.evaluated }), {
    trained: 0,
    evaluated: 0,
  })
}
