import type { CpnasError } from '@cpnas/core'
import { readModelOf, readPacked } from '@cpnas/experiments'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { refuseOptions, type Values } from '../command.js'
import { whichOf, type whichOptions } from '../which.js'
import { type EngineChoice, type Measured, measuredModel } from './measured.js'
import { measuredPacked } from './measured-packed.js'

/** The network in a model file, in a packed file, or of a training, to be run as the options say. Error InvalidModel, InvalidOption. */
export const measuredOf = (
  path: string,
  given: EngineChoice & Values<typeof whichOptions>,
): TE.TaskEither<CpnasError, Measured> =>
  pipe(
    readPacked(path),
    TE.flatMap(packed =>
      packed
        ? pipe(
            refuseOptions(
              given,
              ['best', 'last', 'backend'],
              `${path} is one packed network, with an engine of its own`,
              'Leave it out, or name a model file or the directory of a training',
            ),
            TE.fromEither,
            TE.map(() => measuredPacked(packed, given)),
          )
        : pipe(
            TE.fromEither(whichOf(given)),
            TE.flatMap(which => readModelOf(path, which)),
            TE.map(found => measuredModel(found, given)),
          ),
    ),
  )
