import { readFile } from 'node:fs/promises'
import { type CpnasError, cpnasError } from '@cpnas/core'
import { writeFileAtomic } from '@cpnas/core/files'
import type { Model } from '@cpnas/training'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { decodeModel } from './decode.js'
import { encodeModel } from './encode.js'
import { fileKind } from './file-kind.js'

const modelKind = 'a safetensors file'

/** Writes a model file whole or not at all. StorageFailed; throws RangeError as `encodeModel`. */
export const writeModel = (path: string, model: Model): TE.TaskEither<CpnasError, void> =>
  writeFileAtomic(path, encodeModel(model))

/** Reads a model file. InvalidModel: it cannot be read, or what is wrong with it as `decodeModel` says. */
export const readModel = (path: string): TE.TaskEither<CpnasError, Model> =>
  pipe(
    TE.tryCatch(
      () => readFile(path),
      error =>
        cpnasError('InvalidModel', path, `cannot be read (${(error as Error).message})`, 'Name the file of a model'),
    ),
    TE.flatMapEither(bytes =>
      pipe(
        decodeModel(bytes),
        E.mapLeft(problem => {
          const kind = fileKind(bytes)
          return kind === undefined || kind === modelKind
            ? cpnasError(
                'InvalidModel',
                path,
                problem,
                'Give a model file as cpnas writes it: restore this one from a copy, or train it anew if an older version wrote it',
              )
            : cpnasError('InvalidModel', path, `is ${kind}, not a model file`, 'Give a .safetensors file of a training')
        }),
      ),
    ),
  )
