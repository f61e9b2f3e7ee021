import type { Backend } from '@cpnas/backends'
import type { CpnasError } from '@cpnas/core'
import { inMemory, openSplits } from '@cpnas/data'
import { perform, type Snapshot, type WorkOptions } from '@cpnas/runs'
import { runTraining, type TrainingEvent } from '@cpnas/training'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { OpenData } from '../data.js'
import { engineText, type Opened, openRun, performing, type Telling } from '../open-run.js'
import type { Plan } from '../plan.js'
import { testModel } from '../training/test-model.js'
import { type TableConfig, trainingOfTable } from './config.js'
import { jobsOf, type TableJob } from './jobs.js'
import { type Shard, type TableImages, type TableRunConfig, tableRun } from './kind.js'

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

/** Where the building of a table stands. */
export interface TableState {
  readonly history: readonly TableRow[]
}

/** What happens while a table is built; `fraction` is that of the whole. */
export type TableEvent =
  | { readonly type: 'row'; readonly fraction: number; readonly row: TableRow }
  | { readonly type: 'training'; readonly fraction: number; readonly job: TableJob; readonly event: TrainingEvent }

/** Images a step of a test. */
const testBatch = 100

type Result = { readonly status: 'finished'; readonly state: TableState } | { readonly status: 'stopped' }

const stopped: E.Either<CpnasError, Result> = E.right({ status: 'stopped' })

/**
 * Trains the networks of a table, or of one of its parts, one after another, and tests them. A row depends on its job alone, so
 * that the order and the parts do not matter. After each the snapshot is saved.
 */
const buildTable =
  (
    backend: Backend<unknown>,
    data: Pick<OpenData, 'train' | 'test'>,
    config: TableConfig,
    shard: Shard,
    {
      snapshot,
      save,
      emit,
      signal,
    }: Omit<WorkOptions<TableState, TableEvent>, 'snapshot'> & { readonly snapshot?: Snapshot<TableState> },
  ): TE.TaskEither<CpnasError, Result> =>
  async () => {
    const jobs = jobsOf(config, shard)
    let history = snapshot?.state.history ?? []
    for (const job of jobs.slice(history.length)) {
      const done = history.length
      const genotype = { normal: job.cell, reduce: job.cell }
      const trained = await runTraining(backend, data, genotype, trainingOfTable(config, job.precision, job.seed), {
        emit: event => emit({ type: 'training', fraction: (done + event.fraction) / jobs.length, job, event }),
        signal,
      })()
      if (E.isLeft(trained)) return trained
      if (trained.right.status === 'stopped') return stopped
      const { last, state } = trained.right
      const tested = await testModel(backend, last, data.test, { batchSize: testBatch, onStep: () => {}, signal })()
      if (E.isLeft(tested)) return tested
      if (tested.right === undefined) return stopped
      const { loss, lossValidation } = state.history.at(-1)!
      const row: TableRow = {
        ...job,
        validation: state.history.map(({ accuracyValidation }) => accuracyValidation!),
        test: tested.right.top1,
        loss,
        lossValidation: lossValidation!,
      }
      history = [...history, row]
      const saved = await save({ state: { history }, tensors: {} })()
      if (E.isLeft(saved)) return saved
      emit({ type: 'row', fraction: history.length / jobs.length, row })
    }
    return E.right({ status: 'finished', state: { history } })
  }

/** A planned building of a table. */
export interface TablePlan extends Plan<TableConfig, TableRunConfig> {
  readonly part: Shard
}

/** Everything that the building of a table has opened when it begins. */
export type OpenedTable = Opened<TableRunConfig, TableImages>

/**
 * Builds a table in its directory, to its end, or until the signal comes: then undefined, with all finished trainings saved. Gives its rows.
 * InvalidOption: a split smaller than a batch.
 */
export const performTable = (
  plan: TablePlan,
  telling: Telling<OpenedTable, TableState, TableEvent>,
): TE.TaskEither<CpnasError, readonly TableRow[] | undefined> => {
  const { config, directory, stored, part } = plan
  return openRun(plan, telling, {
    prepare: ({ train, test }) =>
      pipe(
        openSplits(train, trainingOfTable(config, 'binary', 0)),
        E.map(({ trainingImages, validationImages }) => ({
          ...{ training: trainingImages, validation: validationImages, test: test.count },
          ...{ side: train.height, channels: train.channels, classes: train.classNames.length },
        })),
        TE.fromEither,
      ),
    complete: (base, facts) => ({ ...base, ...part, facts, table: config }),
    use: opened => {
      const { train, test } = opened.data
      const images = { train: inMemory(train), test: inMemory(test) }
      return perform(
        {
          format: tableRun,
          directory,
          config: opened.config,
          stored,
          images: opened.data.fingerprint,
          engine: engineText(opened.engine),
          // An engine's tensors are its own: the work is generic in them.
          work: options => buildTable(opened.engine.backend as Backend<unknown>, images, config, part, options),
          finish:
            ({ state }) =>
            async () =>
              E.right(state.history),
        },
        performing(opened, telling),
      )
    },
  })
}
