import { hashOf } from '@cpnas/core'
import { digitsOf } from '@cpnas/table'
import type { TrainingConfig } from '@cpnas/training'
import { cellsMadeOf, type TableConfig } from './config.js'
import type { Shard } from './kind.js'

/** A training of a table. */
export interface TableJob {
  readonly cell: readonly string[]
  readonly precision: TrainingConfig['precision']
  readonly seed: number
}

/** The cells of a table, or of one of its parts, in the order in which they are trained: a random one. Default: the whole table. */
export const cellsOfTable = (
  { seed, operations, architectures }: Pick<TableConfig, 'seed' | 'operations' | 'architectures'>,
  { shard, shards, without }: Shard = { shard: 1, shards: 1, without: [] },
): readonly (readonly string[])[] =>
  cellsMadeOf({ operations })
    .map(cell => ({ cell, rank: hashOf(`${seed} table ${digitsOf(cell)}`) }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ cell }) => cell)
    .slice(0, architectures)
    .filter(cell => !without.includes(digitsOf(cell)))
    .filter((_, i) => i % shards === shard - 1)

/** The trainings of a table, or of one of its parts: cell after cell, so that what is finished is a table of some cells. */
export const jobsOf = (config: TableConfig, shard: Shard): readonly TableJob[] => {
  const seeds = (count: number): readonly number[] => Array.from({ length: count }, (_, seed) => seed)
  return cellsOfTable(config, shard).flatMap(cell => [
    ...seeds(config.childSeeds).map(seed => ({ cell, precision: 'binary' as const, seed })),
    ...seeds(config.parentSeeds).map(seed => ({ cell, precision: 'float' as const, seed })),
  ])
}
