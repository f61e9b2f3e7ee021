import { type CpnasError, cpnasError, isRecord } from '@cpnas/core'
import { readText } from '@cpnas/runs'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'

const invalid = (path: string, problem: string, remedy: string): CpnasError =>
  cpnasError('InvalidOption', `config ${path}`, problem, remedy)

const example = 'Give a JSON object of hyper-parameters, e.g. {"seed": 1}, or the config.json of a run'

/** The hyper-parameters of a file. */
export interface ConfigFile<C> {
  readonly options: Partial<C>
  /** Options that were chosen deliberately, so that each must have an effect; a run's own file lists all options. */
  readonly chosen: Partial<C>
}

/**
 * The hyper-parameters in a JSON file, by their names in camel case: a record of them, or the config.json of a run, whose `section` has
 * them. Their values are not checked. InvalidOption: it cannot be read, or names an unknown option.
 */
export const readConfigFile = <C extends object>(
  path: string,
  names: readonly string[],
  section: string,
): TE.TaskEither<CpnasError, ConfigFile<C>> =>
  pipe(
    readText(path),
    TE.mapLeft(({ message }) => invalid(path, `cannot be read (${message})`, example)),
    TE.flatMapEither(text =>
      text === undefined
        ? E.left(invalid(path, 'is missing', example))
        : E.tryCatch(
            (): unknown => JSON.parse(text),
            () => invalid(path, 'is not JSON', example),
          ),
    ),
    TE.flatMapEither(value => {
      const ofRun = isRecord(value) && 'format' in value
      const options = ofRun ? value[section] : value
      if (!isRecord(options)) return E.left(invalid(path, 'holds no hyper-parameters of this command', example))
      const { $schema: _, ...given } = options
      const unknown = Object.keys(given).find(name => !names.includes(name))
      return unknown === undefined
        ? E.right({ options: given as Partial<C>, chosen: ofRun ? {} : (given as Partial<C>) })
        : E.left(invalid(path, `has the unknown option "${unknown}"`, `The options are ${names.join(', ')}`))
    }),
  )
