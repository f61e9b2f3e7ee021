import { dirname } from 'node:path'
import type { CpnasError } from '@cpnas/core'
import { isDirectory } from '@cpnas/core/files'
import { type Dataset, type SplitOptions, splitImages } from '@cpnas/data'
import { readRunConfig } from '@cpnas/runs'
import { pipe } from 'fp-ts/lib/function.js'
import * as T from 'fp-ts/lib/Task.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { searchRun } from '../search/kind.js'
import { trainingRun } from '../training/kind.js'
import { formatIn } from './model.js'
import { isInZoo } from './zoo.js'

/** How a run parts its images. */
export type Partition = Pick<SplitOptions, 'seed' | 'share' | 'validationShare'>

/**
 * That of the search or the training that a path leads to (its directory, or a file in it); undefined if it leads to none that can be read,
 * as a network of the zoo and a model file that lies elsewhere do not.
 */
export const partitionOf = (path: string): T.Task<Partition | undefined> => {
  if (isInZoo(path)) return T.of(undefined)
  return pipe(
    TE.fromTask(async () => ((await isDirectory(path)) ? path : dirname(path))),
    TE.bindTo('directory'),
    TE.bind('format', ({ directory }) => TE.fromTask(() => formatIn(directory))),
    TE.flatMap(({ directory, format }): TE.TaskEither<CpnasError, Partition | undefined> => {
      if (format === searchRun.format)
        return pipe(
          readRunConfig(searchRun, directory, 'its path'),
          TE.map(run => run?.search),
        )
      return format === trainingRun.format
        ? pipe(
            readRunConfig(trainingRun, directory, 'its path'),
            TE.map(run => run?.training),
          )
        : TE.right(undefined)
    }),
    TE.getOrElse(() => T.of<Partition | undefined>(undefined)),
  )
}

/** How many of a run's validation images, out of `of`, a run with another partition of the same images trains with. */
export const seenImages = (
  data: Dataset,
  other: Partition,
): ((own: Partition) => { readonly seen: number; readonly of: number }) => {
  const trained = new Set(splitImages(data, other).rest)
  return own => {
    const validation = splitImages(data, own).selected
    return { seen: validation.filter(image => trained.has(image)).length, of: validation.length }
  }
}
