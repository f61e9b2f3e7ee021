import { join } from 'node:path'
import type { CpnasError } from '@cpnas/core'
import { writeFileAtomic } from '@cpnas/core/files'
import { checkComparison, compareOnImages, compareOnTable, readTable, replayable } from '@cpnas/experiments'
import type { TextTable } from '@cpnas/report'
import { type Comparison, comparisonFiles } from '@cpnas/runs'
import { strategies } from '@cpnas/search'
import { tinyOperations } from '@cpnas/table'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { command } from '../command.js'
import type { Outcome } from '../io.js'
import { shellWord } from '../report/amounts.js'
import { grid, layOut } from '../report/layout.js'
import { countOption, listOption, namesOption, textOption } from '../values.js'
import { summaries } from './summaries.js'

const defaults = {
  strategies: Object.keys(strategies).filter(replayable),
  operations: tinyOperations,
  budgets: [18, 36, 72, 144],
  replays: 200,
  against: 'random',
  out: './cpnas-comparison',
} as const

const budget = (text: string): E.Either<string, number> =>
  /^[1-9]\d*$/.test(text) ? E.right(Number(text)) : E.left('integers of at least 1, with commas between them')

/** Writes the comparison and its chart; gives it in words. */
const writeResults = (directory: string, comparison: Comparison): TE.TaskEither<CpnasError, readonly TextTable[]> =>
  pipe(
    writeFileAtomic(join(directory, comparisonFiles.json), `${JSON.stringify(comparison, null, 2)}\n`),
    // The plotting library takes a while to load.
    TE.flatMap(() => TE.fromTask(() => import('@cpnas/report'))),
    TE.tap(({ comparisonChart }) =>
      writeFileAtomic(join(directory, comparisonFiles.chart), comparisonChart(comparison.rows)),
    ),
    TE.map(({ comparisonTables }) => comparisonTables(comparison)),
  )

/** `cpnas compare`: strategies over a table. */
export const compareCommand = command({
  name: 'compare',
  summary: summaries.compare,
  details: `TABLE is a file of \`cpnas table write\`. Every strategy searches it many times at every budget; costs count all that a search
trains, also its Parents if it looks at them. The regret is how far what it finds is behind the best architecture of the table.
Searches that share weights, or learn by gradients, need images: run them with \`cpnas search --space tiny\`, with as many seeds as you like, and give the
directory of all of them as --searches. Writes compare.json and compare.svg into --out.`,
  argument: { name: 'table', description: 'a table with all cells, or with all cells of some operations' },
  options: {
    strategies: namesOption({
      description: 'strategies to compare; cp-nas:0.5 is cp-nas with a beta_P of 0.5',
      default: defaults.strategies.join(','),
    }),
    operations: namesOption({
      description: 'operations that compete, of which the table has all cells',
      default: 'all',
    }),
    budgets: listOption(
      {
        placeholder: 'n,m,...',
        description: 'what a search may cost, in trainings to the end',
        default: defaults.budgets.join(','),
      },
      budget,
    ),
    searches: textOption({
      placeholder: 'dir',
      description: 'directory of finished searches on the images of the table',
      default: 'none',
    }),
    replays: countOption({
      description: 'searches of each, with seeds of their own',
      default: String(defaults.replays),
    }),
    epochs: countOption({ description: 'epochs that an architecture is trained for', default: 'all of the table' }),
    against: textOption({
      placeholder: 'name',
      description: 'strategy that the others are tested against',
      default: defaults.against,
    }),
    out: textOption({ placeholder: 'dir', description: 'directory to write', default: defaults.out }),
    json: { kind: 'flag', description: 'print JSON' },
  },
  run: ({ out = defaults.out, json = false, searches, ...given }, io, path) => {
    const options = { ...defaults, ...given }
    const { signal } = io
    return pipe(
      readTable(path),
      TE.chainFirstEitherK(table => checkComparison(table, options)),
      // What may be refused comes first.
      TE.bindTo('table'),
      TE.bindW('onImages', ({ table }) =>
        searches === undefined ? TE.right([]) : compareOnImages(table, searches, options, { signal }),
      ),
      TE.bindW('replayed', ({ table }) =>
        compareOnTable(table, options, {
          signal,
          onDone: (done, all) => {
            if (!json) io.err(`${done} of ${all} strategies and budgets\n`)
          },
        }),
      ),
      TE.map(({ replayed, onImages }) => [...replayed, ...onImages]),
      TE.bindTo('rows'),
      TE.bindW('tables', ({ rows }) => {
        const { operations, replays, against } = options
        return writeResults(out, { table: path, operations, replays, against, rows })
      }),
      TE.map(({ rows, tables }): Outcome => {
        const text = [
          ...tables.flatMap(({ title, head, rows }) => [title, grid(head, rows, 1)]),
          `Files in ${out}: ${Object.values(comparisonFiles).join(', ')}`,
          `Next: cpnas report ${shellWord(out)}`,
        ]
        io.out(json ? `${JSON.stringify(rows)}\n` : layOut(text, io))
        return { status: 'done' }
      }),
      TE.orElse(reason => {
        if (reason !== 'stopped') return TE.left(reason)
        io.err('Stopped before the last strategy; nothing was written.\n')
        return TE.right<CpnasError, Outcome>({ status: 'stopped' })
      }),
    )
  },
})
