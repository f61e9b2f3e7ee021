import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type CpnasError, cpnasError, decodeText } from '@cpnas/core'
import { isDirectory } from '@cpnas/core/files'
import { readModel } from '@cpnas/model'
import { readRunConfig, type TrainingRunConfig, trainingFiles } from '@cpnas/runs'
import type { Model } from '@cpnas/training'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { searchRun } from '../search/kind.js'
import { trainingRun } from '../training/kind.js'

/** Which of a training's networks: of its best epoch or of its last one. */
export type Which = 'best' | 'last'

/** A trained network, and its training if it was named by that training's directory. */
export interface FoundModel {
  readonly path: string
  readonly model: Model
  readonly run: TrainingRunConfig | undefined
}

/** The format that config.json in a directory names; undefined if there is none. */
export const formatIn = async (directory: string): Promise<unknown> => {
  try {
    const config: unknown = JSON.parse(decodeText(await readFile(join(directory, trainingFiles.config))))
    return (config as { readonly format?: unknown } | null)?.format
  } catch {
    return undefined
  }
}

const exists = (path: string): Promise<boolean> =>
  readFile(path).then(
    () => true,
    error => (error as NodeJS.ErrnoException).code !== 'ENOENT',
  )

/** Config.json of a training; InvalidModel says what a directory holds instead. */
export const readTraining = (directory: string): TE.TaskEither<CpnasError, TrainingRunConfig> =>
  pipe(
    TE.fromTask(() => formatIn(directory)),
    TE.flatMap(format =>
      format === searchRun.format
        ? TE.left(
            cpnasError(
              'InvalidModel',
              directory,
              'holds a search, which leaves a genotype but no trained network',
              `Train it: cpnas train --genotype ${directory}`,
            ),
          )
        : readRunConfig(trainingRun, directory, 'its path'),
    ),
    TE.flatMapEither(run =>
      run === undefined
        ? E.left(
            cpnasError(
              'InvalidModel',
              directory,
              'holds no training',
              'Name a model file or the directory of a training',
            ),
          )
        : E.right(run),
    ),
  )

/** The network that a training left; undefined if it is not finished. */
export const trainedModel = (directory: string, which: Which): TE.TaskEither<CpnasError, Model | undefined> => {
  const path = join(directory, trainingFiles[which])
  return pipe(
    TE.fromTask(() => exists(path)),
    TE.flatMap(there => (there ? readModel(path) : TE.right(undefined))),
  )
}

/** The model in a file, or one of those that a finished training left in its directory. Error InvalidModel, InvalidCheckpoint. */
export const readModelOf = (path: string, which: Which | undefined): TE.TaskEither<CpnasError, FoundModel> =>
  pipe(
    TE.fromTask(() => isDirectory(path)),
    TE.flatMap((directory): TE.TaskEither<CpnasError, FoundModel> => {
      if (!directory)
        return which === undefined
          ? pipe(
              readModel(path),
              TE.map(model => ({ path, model, run: undefined })),
            )
          : TE.left(
              cpnasError(
                'InvalidOption',
                which,
                `${path} is a single model`,
                'Leave it out, or name the directory of a training',
              ),
            )
      const chosen = which ?? 'best'
      return pipe(
        readTraining(path),
        TE.bindTo('run'),
        TE.bind('model', () => trainedModel(path, chosen)),
        TE.flatMapEither(({ run, model }) =>
          model === undefined
            ? E.left(
                cpnasError(
                  'InvalidModel',
                  join(path, trainingFiles[chosen]),
                  'is missing: the training is not finished',
                  `Finish it: cpnas train --resume --out ${path}`,
                ),
              )
            : E.right({ path: join(path, trainingFiles[chosen]), model, run }),
        ),
      )
    }),
  )
