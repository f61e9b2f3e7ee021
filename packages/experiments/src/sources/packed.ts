import { readFile } from 'node:fs/promises'
import { type CpnasError, cpnasError } from '@cpnas/core'
import { isDirectory } from '@cpnas/core/files'
import { from, type PackedModel } from '@cpnas/packed'
import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { isInZoo, pathInZoo } from './zoo.js'

/** How the names of packed files end. */
export const packedExtension = '.cpnas'

/** A packed network, and the file that it is in. */
export interface FoundPacked {
  readonly path: string
  readonly bytes: Uint8Array
  readonly packed: PackedModel
}

const invalid = (path: string, problem: string, remedy: string): E.Either<CpnasError, never> =>
  E.left(cpnasError('InvalidModel', path, problem, remedy))

/** Errors of files that are not packed files at all. */
const foreign: readonly string[] = ['TooShort', 'WrongMagic']

/**
 * The network in a packed file, or of @cpnas/models (`zoo:NAME`); undefined if neither the name nor the first bytes are those of a packed
 * file. Error InvalidModel.
 */
export const readPacked =
  (given: string): TaskEither<CpnasError, FoundPacked | undefined> =>
  async () => {
    const found = isInZoo(given) ? pathInZoo(given, 'cpnas') : E.right(given)
    if (E.isLeft(found)) return found
    const path = found.right
    if (await isDirectory(path)) return E.right(undefined)
    const named = path.endsWith(packedExtension)
    const bytes = await readFile(path).catch((error: Error) => error)
    if (bytes instanceof Error)
      return named ? invalid(path, `cannot be read (${bytes.message})`, 'Name a packed file') : E.right(undefined)
    const packed = from(bytes)
    if (E.isRight(packed)) return E.right({ path, bytes, packed: packed.right })
    return named || !foreign.includes(packed.left._tag)
      ? invalid(
          path,
          `is no whole packed network (${packed.left.message})`,
          'Write it anew: cpnas export RUN --format packed',
        )
      : E.right(undefined)
  }
