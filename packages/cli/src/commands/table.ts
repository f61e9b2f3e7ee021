import { isDeepStrictEqual } from 'node:util'
import { type CpnasError, cpnasError } from '@cpnas/core'
import { writeFileAtomic } from '@cpnas/core/files'
import {
  assembleTable,
  checkOperations,
  figuresOfTable,
  jobsOf,
  type KnownTable,
  performTable,
  planRun,
  type Ranking,
  rankingOf,
  readKnownTable,
  readTable,
  type TablePlan,
} from '@cpnas/experiments'
import { type Run, readRuns } from '@cpnas/runs'
import { samplesOf } from '@cpnas/search'
import { printTable, restrictTo, type Table, tinyOperations } from '@cpnas/table'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { type CommandGroup, type CommandOptions, command, refuseOptions, type Values } from '../command.js'
import { hyperparameterOptions } from '../hyperparameters.js'
import { shellWord, thousands } from '../report/amounts.js'
import { layOut } from '../report/layout.js'
import { printRanking, printTableFigures, tableWords } from '../report/table-words.js'
import { tellRun } from '../runs/run-command.js'
import { tableRuns } from '../runs/run-commands.js'
import { requestOf, runOptions, sharedOptions, workersOf } from '../runs/run-options.js'
import { countOption, namesOption, textOption } from '../values.js'
import { summaries } from './summaries.js'

const buildOptions = {
  shard: countOption({ description: 'which part of the table to build, from 1', default: '1' }),
  shards: countOption({ description: 'in how many parts, each in a directory of its own', default: '1' }),
  without: textOption({ placeholder: 'file', description: 'a table whose architectures are left out' }),
  ...runOptions(tableRuns),
  ...sharedOptions,
  ...hyperparameterOptions(tableRuns.kind.hyperparameters),
} as const satisfies CommandOptions

const architectures = ({ length }: readonly string[]): string => `${thousands(length)} architectures`

const plan = (given: Values<typeof buildOptions>): TE.TaskEither<CpnasError, TablePlan> => {
  const { shard = 1, shards = 1 } = given
  return pipe(
    refuseOptions(
      shard > shards ? given : {},
      ['shard'],
      `is ${shard} of ${shards}`,
      'Give --shards as well, at least as many',
    ),
    TE.fromEither,
    TE.flatMap(
      (): TE.TaskEither<CpnasError, KnownTable | undefined> =>
        given.without === undefined ? TE.right(undefined) : readKnownTable(given.without),
    ),
    TE.bindTo('known'),
    TE.let('without', ({ known }) => [...(known?.table.entries.keys() ?? [])]),
    TE.bind('request', () => requestOf(tableRuns, given)),
    TE.bind('planned', ({ request, known, without }) =>
      planRun(tableRuns.kind, request, stored => [
        ['shard', String(stored.shard), given.shard?.toString()],
        ['shards', String(stored.shards), given.shards?.toString()],
        [
          'without',
          `a table of ${architectures(stored.without)}`,
          known === undefined || isDeepStrictEqual(without, stored.without)
            ? undefined
            : `another one, of ${architectures(without)}`,
        ],
      ]),
    ),
    TE.map(({ planned, known, without }) =>
      planned.stored === undefined
        ? { ...planned, part: { shard, shards, without }, known }
        : { ...planned, part: planned.stored, known: undefined },
    ),
  )
}

const build = command({
  name: 'build',
  summary: 'Train every network of the space tiny, as Child and as Parent, or a part of them',
  details: `A table is built in a random order of its architectures, so what is finished is a uniform sample of them. Several processes or machines
can share the work: give each another --shard. To complete a table that was written before, give it as --without. Press Ctrl-C to stop; --resume
continues. \`cpnas table write\` makes a table of it.`,
  options: buildOptions,
  run: (given, io) =>
    pipe(
      TE.fromEither(workersOf(given)),
      TE.bind('planned', () => plan(given)),
      TE.flatMap(({ planned, queue }) => {
        const { directory, config, part, stored } = planned
        const jobs = jobsOf(config, part)
        return tellRun(
          tableRuns,
          planned,
          performTable,
          {
            events: tableWords(jobs.length),
            introduction: (_, state) => [
              `Run:    ${directory}, ${stored === undefined ? '' : `continued after ${state?.history.length ?? 0} of `}${thousands(jobs.length)} trainings${part.shards > 1 ? `, part ${part.shard} of ${part.shards}` : ''}${part.without.length > 0 ? `, without ${architectures(part.without)}` : ''}`,
            ],
            text: rows => [
              `${thousands(rows.length)} trainings`,
              `Next: cpnas table write ${[shellWord(directory), ...(part.shards > 1 ? ['the other parts'] : []), ...(part.without.length > 0 ? ['the table of the architectures left out'] : [])].join(' and ')}`,
            ],
            record: rows => ({ trainings: rows.length }),
            saved: { stopped: 'all finished trainings are saved', failed: 'All finished trainings are saved' },
          },
          { ...given, givenTo: queue },
          io,
        )
      }),
    ),
})

const defaultOut = 'table.json'

const write = command({
  name: 'write',
  summary: 'Write the table of what was built in some directories, with the time of every packed Child on this machine',
  argument: { name: 'part', description: 'directory of a part, or a table written before', variadic: true },
  options: {
    out: textOption({ placeholder: 'file', description: 'file to write', default: defaultOut }),
    partial: { kind: 'flag', description: 'write what there is, even if architectures are missing' },
  },
  run: ({ out = defaultOut, partial = false }, io, _, parts) =>
    pipe(
      assembleTable(parts, { partial }),
      TE.bindTo('table'),
      TE.let('text', ({ table }) => printTable(table)),
      TE.tap(({ text }) => writeFileAtomic(out, text)),
      TE.map(({ table, text }) => {
        io.out(
          layOut(
            [
              `${out}: ${thousands(table.entries.size)} architectures, ${(text.length / 1000).toFixed(1)} kB`,
              `Next: cpnas table info ${shellWord(out)}`,
            ],
            io,
          ),
        )
        return { status: 'done' as const }
      }),
    ),
})

/** InvalidOption: operations that hardly any architecture of the table is made of. */
const checkSome = (table: Table, operations: readonly string[]): E.Either<CpnasError, void> => {
  const { size } = restrictTo(table, operations).entries
  return size > 1
    ? E.right(undefined)
    : E.left(
        cpnasError(
          'InvalidOption',
          'operations',
          `${operations.join(',')} make up ${size} architectures of the table`,
          'Give more of them',
        ),
      )
}

const info = command({
  name: 'info',
  summary: 'Say what a table holds: spread, noise of the seeds, correlations, the best architecture',
  argument: { name: 'file', description: 'a file of `cpnas table write`' },
  options: {
    operations: namesOption({ description: 'only architectures made of these operations', default: 'all' }),
    json: { kind: 'flag', description: 'print JSON' },
  },
  run: ({ json = false, operations = tinyOperations }, io, file) =>
    pipe(
      TE.fromEither(checkOperations(operations)),
      TE.flatMap(() => readTable(file)),
      TE.chainFirstEitherK(table => checkSome(table, operations)),
      TE.map(table => {
        const figures = figuresOfTable(table, operations)
        io.out(json ? `${JSON.stringify(figures)}\n` : layOut(printTableFigures(table, figures), io))
        return { status: 'done' as const }
      }),
    ),
})

const rankingOfRun = (table: Table, run: Run): E.Either<CpnasError, Ranking> => {
  const wrong = (problem: string, remedy: string) => E.left(cpnasError('InvalidOption', run.directory, problem, remedy))
  if (run.kind !== 'search' || run.config.space !== table.space.name)
    return wrong(`is no search in the space ${table.space.name}`, `Name one: cpnas search --space ${table.space.name}`)
  const ranking = rankingOf(table, samplesOf(run))
  return ranking === undefined
    ? wrong('has fewer than two architectures that are in the table', 'Let it go on, or finish the table')
    : E.right(ranking)
}

const rank = command({
  name: 'rank',
  summary: 'Say how well a search ranks architectures, by what a table knows of them',
  details: `RUN is a search with --space tiny, finished or not. For its Children's accuracies and losses, its Parents and z at several beta_P: Kendall's tau with the test
accuracies of the table, over all pairs of architectures and over those of equal multiply-accumulates.`,
  argument: { name: 'table', description: 'a file of `cpnas table write`' },
  further: { name: 'run', description: 'directory of a search' },
  options: { json: { kind: 'flag', description: 'print JSON' } },
  run: ({ json = false }, io, file, [, directory]) =>
    pipe(
      readTable(file),
      TE.bindTo('table'),
      TE.bind('runs', () => readRuns([directory!])),
      TE.flatMapEither(({ table, runs }) => rankingOfRun(table, runs[0]!)),
      TE.map(ranking => {
        io.out(json ? `${JSON.stringify(ranking)}\n` : layOut(printRanking(ranking), io))
        return { status: 'done' as const }
      }),
    ),
})

/** `cpnas table`. */
export const tableCommands: CommandGroup = {
  name: 'table',
  summary: summaries.table,
  commands: [build, write, info, rank],
}
