import type { Backend, ResolvedBackend } from '@cpnas/backends'
import type { CpnasError, Interruption } from '@cpnas/core'
import { runTraining, type TrainingEvent } from '@cpnas/training'
import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { OpenData } from '../data.js'
import { testModel } from '../training/test-model.js'
import { type TableConfig, trainingOfTable } from './config.js'
import type { TableJob } from './jobs.js'

/** A finished training of a table: a line of history.jsonl. Accuracies are fractions in 0..1. */
export interface TableRow extends TableJob {
  /** On the validation split after every epoch. */
  readonly validation: readonly number[]
  /** On the test images after the last epoch. */
  readonly test: number
  /** Mean training loss of the last epoch; cross-entropy on the validation split after it. */
  readonly loss: number
  readonly lossValidation: number
}

/** Images a step of a test. */
const testBatch = 100

/** Trains a network of a table and tests it. The row depends on the job alone. */
export const performJob =
  (
    { backend: engine }: Pick<ResolvedBackend, 'backend'>,
    data: Pick<OpenData, 'train' | 'test'>,
    config: TableConfig,
    job: TableJob,
    { emit, signal }: { readonly emit: (event: TrainingEvent) => void; readonly signal: AbortSignal },
  ): TaskEither<Interruption, TableRow> =>
  async () => {
    // An engine's tensors are its own: the training is generic in them.
    const backend = engine as Backend<unknown>
    const genotype = { normal: job.cell, reduce: job.cell }
    const training = trainingOfTable(config, job.precision, job.seed)
    const trained = await runTraining(backend, data, genotype, training, { emit, signal })()
    if (E.isLeft(trained)) return trained
    if (trained.right.status === 'stopped') return E.left('stopped')
    const { last, state } = trained.right
    const tested = await testModel(backend, last, data.test, { batchSize: testBatch, onStep: () => {}, signal })()
    if (E.isLeft(tested)) return tested as E.Either<CpnasError, never>
    if (tested.right === undefined) return E.left('stopped')
    const { loss, lossValidation } = state.history.at(-1)!
    return E.right({
      ...job,
      validation: state.history.map(({ accuracyValidation }) => accuracyValidation!),
      test: tested.right.top1,
      loss,
      lossValidation: lossValidation!,
    })
  }
