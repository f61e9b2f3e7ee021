import { cpus } from 'node:os'
import { type CpnasError, cpnasError } from '@cpnas/core'
import { pack } from '@cpnas/export'
import { untrainedModel } from '@cpnas/model'
import { encode } from '@cpnas/packed'
import { readRunConfig, readSnapshot } from '@cpnas/runs'
import { count, tiny } from '@cpnas/supernet'
import { keyOf, type Table, type TableEntry, type TabulatedTraining } from '@cpnas/table'
import { modelSpec } from '@cpnas/training'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { millisecondsOf, openRunner } from '../packed-speed.js'
import { trainingOfTable } from './config.js'
import type { TableRow } from './job.js'
import { cellsOfTable } from './jobs.js'
import { type TableRunConfig, tableRun } from './kind.js'
import type { TableState } from './work.js'

/** A directory in which a part of a table was built, and its finished trainings. */
interface Part {
  readonly directory: string
  readonly config: TableRunConfig
  readonly rows: readonly TableRow[]
}

const readPart = (directory: string): TE.TaskEither<CpnasError, Part> =>
  pipe(
    readRunConfig(tableRun, directory, 'its path'),
    TE.filterOrElse(
      (config): config is TableRunConfig => config !== undefined,
      () =>
        cpnasError(
          'InvalidOption',
          directory,
          'holds no part of a table',
          'Name directories that `cpnas table build` wrote',
        ),
    ),
    TE.bindTo('config'),
    TE.bind('snapshot', ({ config }) => readSnapshot<TableState, TableRunConfig>(tableRun, directory, config)),
    TE.map(({ config, snapshot }) => ({ directory, config, rows: snapshot?.state.history ?? [] })),
  )

/** What has to be the same in all parts. */
const commonOf = ({
  dataset,
  labels,
  images,
  table: { operations: _, architectures: __, ...table },
}: TableRunConfig): string => JSON.stringify({ dataset, labels, images: images?.digest, table })

const checkParts = (parts: readonly Part[]): E.Either<CpnasError, readonly Part[]> => {
  const [first, ...others] = parts
  const other = others.find(({ config }) => commonOf(config) !== commonOf(first!.config))
  return other === undefined
    ? E.right(parts)
    : E.left(
        cpnasError(
          'InvalidOption',
          other.directory,
          `is a part of another table than ${first!.directory}: their options or images differ`,
          'Name the parts of one table',
        ),
      )
}

/** The rows of every cell; one that stands in two parts counts once. */
const byCell = (rows: readonly TableRow[]): readonly (readonly TableRow[])[] => {
  const cells = new Map<string, Map<string, TableRow>>()
  for (const row of rows) {
    const key = keyOf(row.cell)
    cells.set(key, (cells.get(key) ?? new Map<string, TableRow>()).set(`${row.precision} ${row.seed}`, row))
  }
  return [...cells.values()].map(found => [...found.values()])
}

const trainingsOf = (rows: readonly TableRow[], precision: TableRow['precision']): readonly TabulatedTraining[] =>
  rows
    .filter(row => row.precision === precision)
    .map(({ seed, validation, test, loss, lossValidation }) => ({ seed, validation, test, loss, lossValidation }))
    .sort((a, b) => a.seed - b.seed)

/** The figures of a cell's Child that need no training: its size, its work and its time on this machine. */
const figuresOf = (
  { table, facts: { side, channels, classes } }: TableRunConfig,
  cell: readonly string[],
): TE.TaskEither<CpnasError, Omit<TableEntry, 'cell' | 'child' | 'parent'>> => {
  const classNames = Array.from({ length: classes }, (_, k) => `class ${k}`)
  const spec = modelSpec(trainingOfTable(table, 'binary', 0), { channels, classNames })
  const genotype = { normal: cell, reduce: cell }
  const { binary, float } = count(spec, genotype, 'child', { height: side, width: side })
  return pipe(
    pack(untrainedModel(spec, genotype, 'child', side)),
    E.mapLeft(problem =>
      cpnasError('InvalidModel', cell.join(','), problem, 'Give other options to `cpnas table build`'),
    ),
    TE.fromEither,
    TE.bindTo('packed'),
    TE.bind('runner', ({ packed }) => openRunner(packed)),
    TE.map(({ packed, runner }) => ({
      binaryMacs: binary.macs,
      floatMacs: float.macs,
      bits: binary.parameters,
      bytes: encode(packed).length,
      milliseconds: millisecondsOf(runner, packed),
    })),
  )
}

/** InvalidOption: architectures without all of their trainings, unless a part of the table will do. */
const checkComplete = (
  parts: readonly Part[],
  finished: readonly (readonly TableRow[])[],
  partial: boolean,
): E.Either<CpnasError, void> => {
  const wholes = parts.flatMap(({ config }) => cellsOfTable(config.table, { shard: 1, shards: 1 }))
  const all = new Set(wholes.map(keyOf))
  const found = finished.filter(([row]) => all.has(keyOf(row!.cell))).length
  return found === all.size || (partial && found > 0)
    ? E.right(undefined)
    : E.left(
        cpnasError(
          'InvalidOption',
          'directories',
          `hold ${found} of ${all.size} architectures`,
          found === 0
            ? 'Continue them with `cpnas table build --resume`'
            : 'Continue them with `cpnas table build --resume`, or take what there is with `partial`',
        ),
      )
}

/** How a table is assembled. */
export interface AssembleOptions {
  /** Whether a table that lacks architectures will do. */
  readonly partial: boolean
}

/**
 * The table of what was built in some directories; the packed Children are timed on the way. InvalidOption: a directory without a part of a
 * table, parts of different tables, architectures without all of their trainings.
 */
export const assembleTable = (
  directories: readonly string[],
  { partial }: AssembleOptions,
): TE.TaskEither<CpnasError, Table> =>
  pipe(
    directories,
    TE.traverseSeqArray(readPart),
    TE.flatMapEither(checkParts),
    TE.bindTo('parts'),
    TE.let('config', ({ parts }) => parts[0]!.config),
    TE.let('finished', ({ parts, config: { table } }) =>
      byCell(parts.flatMap(({ rows }) => rows)).filter(rows => rows.length === table.childSeeds + table.parentSeeds),
    ),
    TE.chainFirstEitherK(({ parts, finished }) => checkComplete(parts, finished, partial)),
    TE.bind('entries', ({ config, finished }) =>
      pipe(
        finished,
        TE.traverseSeqArray(rows =>
          pipe(
            figuresOf(config, rows[0]!.cell),
            TE.map(
              (figures): TableEntry => ({
                cell: rows[0]!.cell,
                child: trainingsOf(rows, 'binary'),
                parent: trainingsOf(rows, 'float'),
                ...figures,
              }),
            ),
          ),
        ),
      ),
    ),
    TE.map(({ config, entries }) => tableOf(config, entries)),
  )

const tableOf = (
  { dataset, images, facts: { training, validation, test }, backend, table }: TableRunConfig,
  entries: readonly TableEntry[],
): Table => {
  const { seed: _, precision: __, ...recipe } = trainingOfTable(table, 'binary', 0)
  return {
    space: tiny,
    dataset,
    digest: images?.digest ?? '',
    images: { training, validation, test },
    training: { ...recipe },
    engine: backend,
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    entries: new Map(entries.map(entry => [keyOf(entry.cell), entry])),
  }
}
