import { type CpnasError, cpnasError, type Interruption } from '@cpnas/core'
import { inMemory, openSplits } from '@cpnas/data'
import type { Giver } from '@cpnas/queue'
import { type PreparedRun, perform, type WorkedBy, type WorkOptions } from '@cpnas/runs'
import type { TrainingEvent } from '@cpnas/training'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { engineText, type Opened, openRun, performing, type Telling } from '../open-run.js'
import type { Plan } from '../plan.js'
import { queueRows } from '../work/table-row.js'
import { withWorkers } from '../work/with-workers.js'
import { type TableConfig, trainingOfTable } from './config.js'
import { differenceOfFacts, factsOf } from './facts.js'
import { performJob, type TableRow } from './job.js'
import { jobsOf, type TableJob } from './jobs.js'
import { type Shard, type TableImages, type TableRunConfig, tableRun } from './kind.js'
import type { KnownTable } from './read.js'

/** Where the building of a table stands. */
export interface TableState {
  readonly history: readonly TableRow[]
}

/** What happens while a table is built; `fraction` is that of the whole. */
export type TableEvent =
  | { readonly type: 'row'; readonly fraction: number; readonly row: TableRow }
  | { readonly type: 'training'; readonly fraction: number; readonly job: TableJob; readonly event: TrainingEvent }

type Result = { readonly status: 'finished'; readonly state: TableState } | { readonly status: 'stopped' }

/** Trains the network of a job, here or elsewhere; `by` says who did it, if it was not this process. */
type RowOf = (index: number) => Promise<E.Either<Interruption, { readonly row: TableRow; readonly by?: WorkedBy }>>

/**
 * Trains the networks of a table, or of one of its parts, and tests them. A row depends on its job alone, so that the order and the
 * parts do not matter. After each the snapshot is saved.
 */
const buildTable =
  (
    rowOf: RowOf,
    jobs: readonly TableJob[],
    { snapshot, save, emit }: Pick<WorkOptions<TableState, TableEvent>, 'snapshot' | 'save' | 'emit'>,
  ): TE.TaskEither<CpnasError, Result> =>
  async () => {
    let history = snapshot?.state.history ?? []
    while (history.length < jobs.length) {
      const trained = await rowOf(history.length)
      if (E.isLeft(trained)) {
        const { left: reason } = trained
        return reason === 'stopped' ? E.right({ status: 'stopped' }) : E.left(reason)
      }
      const { row, by } = trained.right
      history = [...history, row]
      const saved = await save({ state: { history }, tensors: {} }, by)()
      if (E.isLeft(saved)) return saved
      emit({ type: 'row', fraction: history.length / jobs.length, row })
    }
    return E.right({ status: 'finished', state: { history } })
  }

/** The work of building: by this process, or by the workers of a queue. */
const workOf =
  (
    { data, engine }: OpenedTable,
    config: TableConfig,
    jobs: readonly TableJob[],
    giver: Giver | undefined,
  ): PreparedRun<TableRunConfig, TableState, TableEvent, Finished, readonly TableRow[]>['work'] =>
  options => {
    const { emit, signal } = options
    if (giver !== undefined) {
      const queue = queueRows(giver, config, jobs)
      return pipe(
        buildTable(queue.row, jobs, options),
        TE.tapTask(() => queue.close),
      )
    }
    const images = { train: inMemory(data.train), test: inMemory(data.test) }
    return buildTable(
      async index => {
        const job = jobs[index]!
        const row = await performJob(engine, images, config, job, {
          emit: event => emit({ type: 'training', fraction: (index + event.fraction) / jobs.length, job, event }),
          signal,
        })()
        return pipe(
          row,
          E.map(row => ({ row })),
        )
      },
      jobs,
      options,
    )
  }

type Finished = Extract<Result, { readonly status: 'finished' }>

/** A planned building of a table. */
export interface TablePlan extends Plan<TableConfig, TableRunConfig> {
  readonly part: Shard
  /** A table that has the architectures which are left out; undefined if none are, or if the part is resumed. */
  readonly known: KnownTable | undefined
}

/** InvalidOption: a table of other trainings, or one that has all architectures. */
const checkKnown = (
  { path, table }: KnownTable,
  config: Parameters<typeof factsOf>[0],
  jobs: readonly TableJob[],
): E.Either<CpnasError, void> => {
  const different = differenceOfFacts(table, factsOf(config))
  if (different !== undefined)
    return E.left(
      cpnasError(
        'InvalidOption',
        'without',
        `${path} is another table: its trainings differ in ${different}`,
        'Give the options and images that it was built with, or leave `without` out',
      ),
    )
  return jobs.length > 0
    ? E.right(undefined)
    : E.left(cpnasError('InvalidOption', 'without', `${path} has all architectures of this part`, 'Leave it out'))
}

/** Everything that the building of a table has opened when it begins. */
export type OpenedTable = Opened<TableRunConfig, TableImages>

/**
 * Builds a table in its directory, to its end, or until the signal comes: then undefined, with all finished trainings saved. Gives its rows.
 * InvalidOption: a split smaller than a batch; a table to leave out that is of other trainings.
 */
export const performTable = (
  plan: TablePlan,
  telling: Telling<OpenedTable, TableState, TableEvent>,
): TE.TaskEither<CpnasError, readonly TableRow[] | undefined> => {
  const { config, directory, stored, part, known } = plan
  return openRun(plan, telling, {
    prepare: ({ source, fingerprint, train, test }) =>
      pipe(
        openSplits(train, trainingOfTable(config, 'binary', 0)),
        E.map(({ trainingImages, validationImages }) => ({
          ...{ training: trainingImages, validation: validationImages, test: test.count },
          ...{ side: train.height, channels: train.channels, classes: train.classNames.length },
        })),
        E.chainFirst(facts =>
          known === undefined
            ? E.right(undefined)
            : checkKnown(
                known,
                { dataset: source.name, images: fingerprint, facts, backend: '', table: config },
                jobsOf(config, part),
              ),
        ),
        TE.fromEither,
      ),
    complete: (base, facts) => ({ ...base, ...part, facts, table: config }),
    use: opened =>
      withWorkers({ ...opened, directory }, telling, (giver, lines) =>
        perform(
          {
            format: tableRun,
            directory,
            config: opened.config,
            stored,
            images: opened.data.fingerprint,
            engine: engineText(opened.engine),
            work: workOf(opened, config, jobsOf(config, part), giver),
            finish:
              ({ state }) =>
              async () =>
                E.right(state.history),
          },
          performing(opened, telling, lines),
        ),
      ),
  })
}
