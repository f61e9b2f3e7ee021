import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { type CpnasError, cpnasError } from '@cpnas/core'
import { isDirectory } from '@cpnas/core/files'
import { encodeModel, readModel } from '@cpnas/model'
import { trainingFiles } from '@cpnas/runs'
import type { Model } from '@cpnas/training'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'

/** The error if a file differs from the one that the run was begun with. */
export const changed = (option: string, path: string, what: string): CpnasError =>
  cpnasError(
    'InvalidOption',
    option,
    `${path} holds ${what} than the run was begun with`,
    'Name where those lie, or begin another run in another directory',
  )

/** A trained Parent to learn from, and the SHA-256 that identifies it. */
export interface Teacher {
  readonly model: Model
  readonly hash: string
}

/** InvalidOption if it is not the one with the hash that a run was begun with. InvalidModel. */
export const readTeacher = (
  path: string | undefined,
  begunWith: string | null | undefined,
): TE.TaskEither<CpnasError, Teacher | undefined> =>
  path === undefined
    ? TE.right(undefined)
    : pipe(
        TE.fromTask(() => isDirectory(path)),
        TE.flatMap(directory => readModel(directory ? join(path, trainingFiles.best) : path)),
        TE.map(model => ({ model, hash: createHash('sha256').update(encodeModel(model)).digest('hex') })),
        TE.filterOrElse(
          ({ hash }) => begunWith === undefined || hash === begunWith,
          () => changed('teacher', path, 'another network'),
        ),
      )
