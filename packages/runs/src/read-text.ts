import { readFile } from 'node:fs/promises'
import { decodeText } from '@cpnas/core'
import * as TE from 'fp-ts/lib/TaskEither.js'

/** The text of a file; undefined if there is none, also where its directory is a file. Left: why it cannot be read. */
export const readText = (path: string): TE.TaskEither<Error, string | undefined> =>
  TE.tryCatch(
    () =>
      readFile(path).then(decodeText, (error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
        throw error
      }),
    error => error as Error,
  )
