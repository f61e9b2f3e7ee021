import { type CpnasError, cpnasError } from '@cpnas/core'
import { readText } from '@cpnas/runs'
import { parseTable, type Table } from '@cpnas/table'
import { left } from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'

/** A table that was written before, and where it was read. */
export interface KnownTable {
  readonly path: string
  readonly table: Table
}

/** The table in a file, with its path. InvalidData as `readTable`. */
export const readKnownTable = (path: string): TE.TaskEither<CpnasError, KnownTable> =>
  pipe(
    readTable(path),
    TE.map(table => ({ path, table })),
  )

/** The table in a file. InvalidData: a file that cannot be read, or is no table. */
export const readTable = (path: string): TE.TaskEither<CpnasError, Table> => {
  const invalid = (problem: string) =>
    cpnasError('InvalidData', path, problem, 'Give a file that `cpnas table write` wrote')
  return pipe(
    readText(path),
    TE.mapLeft(({ message }) => invalid(`cannot be read (${message})`)),
    TE.flatMapEither(text => (text === undefined ? left(invalid('does not exist')) : parseTable(text, path))),
  )
}
