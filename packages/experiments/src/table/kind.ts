import { checkOptions, isCount, isRecord, parseOptions } from '@cpnas/core'
import { commonFiles, commonSettings, type RunBase } from '@cpnas/runs'
import { allCells, digitsOf } from '@cpnas/table'
import { withoutAdded } from '@cpnas/training'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { RunKind } from '../run-kind.js'
import { addedTableOptions, type TableConfig, tableOptions, tablePresets } from './config.js'

/** One of the parts that a table is built in. */
export interface Shard {
  /** Which one, from 1, and how many there are. */
  readonly shard: number
  readonly shards: number
  /** The digits of architectures that are left out of all parts, since another table has them. */
  readonly without: readonly string[]
}

/** The images of a table's networks. */
export interface TableImages {
  /** How many a training learns from, is validated on, and is tested on. */
  readonly training: number
  readonly validation: number
  readonly test: number
  /** Height and width in pixels; channels and classes. */
  readonly side: number
  readonly channels: number
  readonly classes: number
}

/** The content of config.json of a table that is built. */
export interface TableRunConfig extends RunBase, Shard {
  readonly facts: TableImages
  readonly table: TableConfig
}

const factNames = ['training', 'validation', 'test', 'side', 'channels', 'classes'] as const
const isFacts = (value: unknown): value is TableImages =>
  isRecord(value) && factNames.every(name => isCount(value[name]))

const isDigits = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every(digits => known.has(digits))
const known: ReadonlySet<unknown> = new Set(allCells().map(digitsOf))

/** The building of a table, or of a part of it, as a kind of run. */
export const tableRun: RunKind<keyof typeof tablePresets, TableConfig, TableRunConfig> = {
  section: 'table',
  defaultPreset: 'tiny',
  format: 'cpnas-table-run',
  version: 2,
  files: commonFiles,
  hyperparameters: { table: tableOptions, presets: tablePresets },
  check: config => checkOptions(tableOptions, config),
  configOf: ({ table }) => table,
  parse: (base, { table, shard, shards, without = [], facts }) =>
    pipe(
      parseOptions(tableOptions, table, 'a table', addedTableOptions),
      E.mapLeft(({ where, problem }) => `"table.${where}" ${problem}`),
      E.flatMap(table =>
        isCount(shard) && isCount(shards) && shard >= 1 && shard <= shards && isDigits(without) && isFacts(facts)
          ? E.right({ ...base, table, shard, shards, without, facts })
          : E.left('does not say which part of the table it is, and of which images'),
      ),
    ),
  settings: run => ({
    ...commonSettings(run),
    ...withoutAdded(run.table, addedTableOptions),
    shard: run.shard,
    shards: run.shards,
    ...(run.without.length > 0 ? { without: run.without } : {}),
  }),
}
