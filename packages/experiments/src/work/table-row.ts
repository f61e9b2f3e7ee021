import { isRecord, parseOptions } from '@cpnas/core'
import type { Giver, Json, Task, TaskOutput } from '@cpnas/queue'
import { parseCells } from '@cpnas/runs'
import { tiny } from '@cpnas/supernet'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { type TableConfig, tableOptions } from '../table/config.js'
import { performJob, type TableRow } from '../table/job.js'
import type { TableJob } from '../table/jobs.js'
import { type WorkKind, workedBy } from './kind.js'

interface RowInput {
  readonly table: TableConfig
  readonly job: TableJob
}

const parse = (data: Json): E.Either<string, RowInput> => {
  if (!isRecord(data) || !isRecord(data.job)) return E.left('is no training of a table')
  const { cell, precision, seed } = data.job
  if ((precision !== 'binary' && precision !== 'float') || !(Number.isSafeInteger(seed) && (seed as number) >= 0))
    return E.left('is no training of a table')
  return pipe(
    parseOptions(tableOptions, data.table, 'a table'),
    E.mapLeft(({ where, problem }) => `"table.${where}" ${problem}`),
    E.bindTo('table'),
    E.bind('cells', () => parseCells({ normal: cell, reduce: cell }, tiny)),
    E.map(({ table, cells }) => ({ table, job: { cell: cells.normal, precision, seed: seed as number } })),
  )
}

/** A training of a table. */
export const tableRowWork: WorkKind<RowInput> = {
  kind: 'table-row',
  parse,
  perform: async ({ table, job }, { data, engine }, { report, signal }) =>
    pipe(
      await performJob(engine, data, table, job, { emit: ({ fraction }) => report(fraction), signal })(),
      E.map(row => ({ data: row as unknown as Json, blobs: {} })),
    ),
}

const numbers = (value: unknown): value is readonly number[] => Array.isArray(value) && value.every(Number.isFinite)

const rowOf =
  (epochs: number, job: TableJob) =>
  ({ data }: TaskOutput): E.Either<string, TableRow> =>
    isRecord(data) &&
    numbers(data.validation) &&
    data.validation.length === epochs &&
    numbers([data.test, data.loss, data.lossValidation])
      ? E.right({
          ...job,
          validation: data.validation,
          test: data.test as number,
          loss: data.loss as number,
          lossValidation: data.lossValidation as number,
        })
      : E.left('came back without the numbers of a training')

/** Gives the trainings of a table to the workers of a queue, many at a time. */
export const queueRows = (giver: Giver, table: TableConfig, jobs: readonly TableJob[]) => {
  const taskOf = (job: TableJob): Task => ({
    kind: tableRowWork.kind,
    label: `${job.cell.join()} ${job.precision === 'binary' ? 'child' : 'parent'} seed ${job.seed}`,
    data: { table, job } as unknown as Json,
    blobs: {},
  })
  const start = (index: number) => {
    const job = jobs[index]!
    const task = taskOf(job)
    return { task, done: giver.perform(task, rowOf(table.epochs, job)) }
  }
  const ahead = 1024
  let given = 0
  let saved: Task | undefined
  return {
    /** The row of a job, those that follow being begun. */
    row: async (index: number) => {
      if (saved) await giver.forget(saved)
      given = Math.max(given, index)
      for (; given < Math.min(jobs.length, index + ahead); given++) void start(given).done
      const { task, done: running } = start(index)
      const done = await running
      saved = task
      return pipe(
        done,
        E.map(found => ({ row: found.value, by: workedBy(found) })),
      )
    },
    close: async (): Promise<void> => {
      if (saved) await giver.forget(saved)
    },
  }
}
