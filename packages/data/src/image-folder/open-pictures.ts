import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { CpnasError } from '@cpnas/core'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { ImageFolder } from '../dataset.js'
import { badFile, codeOf } from '../files.js'
import { LeftOutCounter } from './left-out.js'
import { type ImageFolderOptions, openScanned } from './open-folder.js'
import type { ScannedFolder } from './scanned.js'
import { readableEndings, walk } from './walk.js'

const formats = `Name pictures (${readableEndings}) or directories of some`

/** All pictures that the paths lead to, in their order. */
const find = async (paths: readonly string[]): Promise<E.Either<CpnasError, ScannedFolder>> => {
  const leftOut = new LeftOutCounter()
  const found: string[] = []
  for (const path of paths)
    try {
      if ((await stat(path)).isDirectory()) found.push(...(await walk(path, leftOut)))
      else found.push(path)
    } catch (error) {
      return E.left(badFile(path, `cannot be read (${codeOf(error)})`, formats))
    }
  if (found.length === 0) return E.left(badFile(paths.join(', '), 'holds no pictures', formats))
  const nothing = { directory: resolve('.'), paths: [], labels: new Uint16Array(0) }
  const pictures = { directory: resolve('.'), paths: found, labels: new Uint16Array(found.length) }
  return E.right({ classNames: ['picture'], train: nothing, test: pictures, leftOut: leftOut.all, layout: undefined })
}

/**
 * Opens pictures without classes: the given files, and all pictures in and below the given directories. They are prepared like the test
 * images of a folder. The caller closes the set. Error InvalidData: a path cannot be read, or there are no pictures; InvalidOption.
 */
export const openPictures = (
  paths: readonly string[],
  options: Required<Pick<ImageFolderOptions, 'imageSize'>> & Pick<ImageFolderOptions, 'workers'>,
): TE.TaskEither<CpnasError, ImageFolder> =>
  pipe(
    () => find(paths),
    TE.flatMap(scanned => openScanned(scanned, { ...options, maxCorrupt: 1 })),
    TE.map(({ train, test }) => {
      train.close()
      return test
    }),
  )
