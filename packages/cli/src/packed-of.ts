import { type CpnasError, cpnasError } from '@cpnas/core'
import { readModelOf, readPacked } from '@cpnas/experiments'
import { pack } from '@cpnas/export'
import type { PackedModel } from '@cpnas/packed'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { refuseOptions, type Values } from './command.js'
import { whichOf, type whichOptions } from './which.js'

/** The network in a packed file, or that of a model file or a training, packed. Error InvalidModel, InvalidOption. */
export const packedOf = (path: string, given: Values<typeof whichOptions>): TE.TaskEither<CpnasError, PackedModel> =>
  pipe(
    readPacked(path),
    TE.flatMap(found =>
      found
        ? pipe(
            refuseOptions(
              given,
              ['best', 'last'],
              `${path} is one packed network`,
              'Leave it out, or name the directory of a training',
            ),
            E.map(() => found.packed),
            TE.fromEither,
          )
        : pipe(
            TE.fromEither(whichOf(given)),
            TE.flatMap(which => readModelOf(path, which)),
            TE.flatMapEither(({ model }) =>
              pipe(
                pack(model),
                E.mapLeft(problem => cpnasError('InvalidModel', path, problem, 'Name a Child')),
              ),
            ),
          ),
    ),
  )
