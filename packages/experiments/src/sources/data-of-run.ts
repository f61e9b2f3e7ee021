import { dirname } from 'node:path'
import type { CpnasError } from '@cpnas/core'
import { isDirectory } from '@cpnas/core/files'
import { type DatasetName, datasetNames } from '@cpnas/data'
import { readRunBase } from '@cpnas/runs'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'

/** The named data; `origin` is the run they were taken from if none were named. */
export interface NamedData {
  readonly data?: string
  readonly dataset?: DatasetName
  readonly imageSize?: number
  readonly origin?: string
}

/** The data of the run that a path leads to (its directory, or a file in it), unless some are named. Error InvalidCheckpoint. */
export const dataOfRun = (path: string | undefined, given: NamedData): TE.TaskEither<CpnasError, NamedData> => {
  if (path === undefined || given.data !== undefined || given.dataset !== undefined) return TE.right(given)
  return pipe(
    TE.fromTask(async () => ((await isDirectory(path)) ? path : dirname(path))),
    TE.flatMap(directory =>
      pipe(
        readRunBase(directory),
        TE.map(run => {
          const dataset = datasetNames.find(name => name === run?.dataset)
          if (run === undefined || dataset === undefined) return given
          return {
            dataset,
            origin: directory,
            ...(run.data === null ? {} : { data: run.data }),
            ...(run.imageSize === undefined ? {} : { imageSize: run.imageSize }),
            ...(given.imageSize === undefined ? {} : { imageSize: given.imageSize }),
          }
        }),
      ),
    ),
  )
}
