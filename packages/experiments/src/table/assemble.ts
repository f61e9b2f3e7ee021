import { stat } from 'node:fs/promises'
import { cpus } from 'node:os'
import { type CpnasError, cpnasError } from '@cpnas/core'
import { pack } from '@cpnas/export'
import { untrainedModel } from '@cpnas/model'
import { encode } from '@cpnas/packed'
import { readRunConfig, readSnapshot } from '@cpnas/runs'
import { count } from '@cpnas/supernet'
import { keyOf, type Table, type TableEntry, type TabulatedTraining } from '@cpnas/table'
import { modelSpec } from '@cpnas/training'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { millisecondsOf, openRunner } from '../packed-speed.js'
import { trainingOfTable } from './config.js'
import { differenceOfFacts, factsOf } from './facts.js'
import type { TableRow } from './job.js'
import { cellsOfTable } from './jobs.js'
import { type TableRunConfig, tableRun } from './kind.js'
import { type KnownTable, readKnownTable } from './read.js'
import type { TableState } from './work.js'

/** A directory in which a part of a table was built, and its finished trainings. */
interface BuiltPart {
  readonly directory: string
  readonly config: TableRunConfig
  readonly rows: readonly TableRow[]
}

/** The parts of a table: built ones, and tables that were written before. */
interface Parts {
  readonly built: readonly BuiltPart[]
  readonly written: readonly KnownTable[]
}

const readBuilt = (directory: string): TE.TaskEither<CpnasError, BuiltPart> =>
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

/** InvalidOption: parts of different tables, or none that was built. */
const checkParts = ({ built, written }: Parts): E.Either<CpnasError, Parts> => {
  const [first, ...others] = built
  const wrong = (where: string, problem: string, remedy = 'Name the parts of one table') =>
    E.left(cpnasError('InvalidOption', where, problem, remedy))
  if (first === undefined)
    return wrong(
      written[0]!.path,
      'is a table already',
      'Name directories that `cpnas table build` wrote, whose architectures it takes in',
    )
  const is = `is a part of another table than ${first.directory}`
  const other = others.find(({ config }) => commonOf(config) !== commonOf(first.config))
  if (other !== undefined) return wrong(other.directory, `${is}: their options or images differ`)
  for (const { path, table } of written) {
    const different = differenceOfFacts(table, factsOf(first.config))
    if (different !== undefined) return wrong(path, `${is}: their trainings differ in ${different}`)
    const { childSeeds, parentSeeds } = first.config.table
    if (rowsOf(table).length !== table.entries.size * (childSeeds + parentSeeds))
      return wrong(path, `${is}: it has more or fewer seeds of an architecture`)
  }
  return E.right({ built, written })
}

/** The trainings that a table holds. */
const rowsOf = ({ entries }: Table): readonly TableRow[] =>
  [...entries.values()].flatMap(({ cell, child, parent }) => [
    ...child.map(training => ({ cell, precision: 'binary' as const, ...training })),
    ...parent.map(training => ({ cell, precision: 'float' as const, ...training })),
  ])

const isDirectory = (path: string): Promise<boolean> =>
  stat(path).then(
    found => found.isDirectory(),
    () => true,
  )

const readParts = (paths: readonly string[]): TE.TaskEither<CpnasError, Parts> =>
  pipe(
    TE.fromTask(() => Promise.all(paths.map(async path => ({ path, isBuilt: await isDirectory(path) })))),
    TE.bindTo('found'),
    TE.bind('built', ({ found }) =>
      pipe(
        found.filter(({ isBuilt }) => isBuilt),
        TE.traverseSeqArray(({ path }) => readBuilt(path)),
      ),
    ),
    TE.bind('written', ({ found }) =>
      pipe(
        found.filter(({ isBuilt }) => !isBuilt),
        TE.traverseSeqArray(({ path }) => readKnownTable(path)),
      ),
    ),
    TE.flatMapEither(checkParts),
  )

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
  built: readonly BuiltPart[],
  finished: readonly (readonly TableRow[])[],
  partial: boolean,
): E.Either<CpnasError, void> => {
  const wholes = built.flatMap(({ config }) => cellsOfTable(config.table))
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
 * The table of what was built in some directories, and of tables written before; the packed Children are timed on the way. InvalidOption:
 * no directory, one without a part of a table, parts of different tables, architectures without all of their trainings.
 */
export const assembleTable = (
  paths: readonly string[],
  { partial }: AssembleOptions,
): TE.TaskEither<CpnasError, Table> =>
  pipe(
    readParts(paths),
    TE.let('config', ({ built }) => built[0]!.config),
    TE.let('finished', ({ built, written, config: { table } }) =>
      byCell([...written.flatMap(({ table }) => rowsOf(table)), ...built.flatMap(({ rows }) => rows)]).filter(
        rows => rows.length === table.childSeeds + table.parentSeeds,
      ),
    ),
    TE.chainFirstEitherK(({ built, finished }) => checkComplete(built, finished, partial)),
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
    TE.map(
      ({ built, written, config, entries }): Table => ({
        ...factsOf(config),
        engine: enginesOf({ built, written }).join(', '),
        processor: cpus()[0]?.model.trim() ?? 'unknown',
        entries: new Map(entries.map(entry => [keyOf(entry.cell), entry])),
      }),
    ),
  )

/** The engines that trained some of it, each once. */
const enginesOf = ({ built, written }: Parts): readonly string[] => [
  ...new Set([
    ...written.flatMap(({ table }) => table.engine.split(', ')),
    ...built.map(({ config }) => config.backend),
  ]),
]
