import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type CpnasError, cpnasError, decodeText } from '@cpnas/core'
import { isDirectory } from '@cpnas/core/files'
import { fileKind } from '@cpnas/model'
import { searchFiles } from '@cpnas/runs'
import { type GenotypeFile, parseGenotype } from '@cpnas/supernet'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'

const unreadable = (path: string, message: string, remedy: string): CpnasError =>
  cpnasError('InvalidGenotype', path, `cannot be read (${message})`, remedy)

/** Error InvalidGenotype. */
export const readGenotype = (path: string): TE.TaskEither<CpnasError, GenotypeFile> =>
  pipe(
    TE.tryCatch(
      () => readFile(path),
      error => unreadable(path, (error as Error).message, 'Name a genotype file'),
    ),
    TE.flatMapEither(bytes =>
      pipe(
        parseGenotype(decodeText(bytes), path),
        E.mapLeft(error => {
          const kind = fileKind(bytes)
          return kind === undefined || kind === 'a JSON file'
            ? error
            : {
                ...error,
                problem: `is ${kind}, not a genotype`,
                remedy: 'Name a genotype.json, or the directory of a run',
              }
        }),
      ),
    ),
  )

/** The genotype in a file, or the one that a finished run left in its directory. Error InvalidGenotype. */
export const readGenotypeOf = (path: string): TE.TaskEither<CpnasError, GenotypeFile> =>
  pipe(
    TE.fromTask(() => isDirectory(path)),
    TE.flatMap(directory =>
      directory
        ? pipe(
            TE.tryCatch(
              () => readFile(join(path, searchFiles.genotype)).then(decodeText),
              error =>
                unreadable(
                  join(path, searchFiles.genotype),
                  (error as Error).message,
                  `A search writes it when it is finished: cpnas search --resume --out ${path}`,
                ),
            ),
            TE.flatMapEither(text => parseGenotype(text, join(path, searchFiles.genotype))),
          )
        : readGenotype(path),
    ),
  )

/** InvalidOption if an option asks for another space than that of the genotype. */
export const checkSpace = (given: unknown, genotype: GenotypeFile | undefined): E.Either<CpnasError, void> =>
  given === undefined || genotype === undefined || given === genotype.space.name
    ? E.right(undefined)
    : E.left(
        cpnasError(
          'InvalidOption',
          'space',
          `is ${given}, and the genotype is of the space ${genotype.space.name}`,
          'Leave it out: the genotype says of which space it is',
        ),
      )
