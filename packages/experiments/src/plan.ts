import { readdir } from 'node:fs/promises'
import { defaultThreads } from '@cpnas/backends'
import { type CpnasError, cpnasError, formatValue } from '@cpnas/core'
import { type RunBase, type RunFiles, readRunConfig } from '@cpnas/runs'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { ConfigFile } from './config-file.js'
import { checkGiven, givenOf } from './hyperparameters.js'
import type { RunKind } from './run-kind.js'

/** A request for a run. P names the presets, C is the configuration. */
export interface Request<P extends string, C> {
  /** Of the run. */
  readonly directory: string
  /** Whether to continue the run that is there. Default: false. */
  readonly resume?: boolean | undefined
  /** For the hyper-parameters that are not given. Default: that of the kind of run. */
  readonly preset?: P | undefined
  /** Hyper-parameters of a file, which `hyperparameters` override. Default: none. */
  readonly file?: ConfigFile<C> | undefined
  /** Other properties are ignored. Default: none. */
  readonly hyperparameters?: Partial<C> | undefined
  /** An engine, or `auto` for the fastest. Default: `auto`; that of the run to resume. */
  readonly backend?: string | undefined
  /** Threads of the engine. Default: the machine's cores; those of the run to resume. */
  readonly threads?: number | undefined
  /** Directory of the data. Default: the embedded images; those of the run to resume. */
  readonly data?: string | undefined
  /** The data set in the directory. Default: the one that is detected. */
  readonly dataset?: string | undefined
  /** Folders: height and width that images are brought to. Default: the median of their short sides, at most 224. */
  readonly imageSize?: number | undefined
  /** The run that the data are taken from, if any. */
  readonly origin?: string | undefined
}

/** A planned run: a new one has no data set yet, and its engine may be `auto`. */
export interface Plan<C, R extends RunBase> {
  readonly directory: string
  readonly stored: R | undefined
  readonly backend: string
  readonly threads: number
  readonly data: string | undefined
  readonly dataset: string | undefined
  readonly imageSize: number | undefined
  readonly origin: string | undefined
  readonly config: C
}

/** An option's value in the run to resume, and as given; undefined if it was not given. */
export type Comparison = readonly [option: string, stored: string, given: string | undefined]

const filesOf = (directory: string): TE.TaskEither<CpnasError, readonly string[]> =>
  TE.tryCatch(
    async () => {
      try {
        return await readdir(directory)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
        throw error
      }
    },
    error =>
      cpnasError(
        'InvalidOption',
        'out',
        `${directory} cannot be used (${(error as Error).message})`,
        'Name another directory',
      ),
  )

/** The hyper-parameters of a file, and those given, which override them. */
const chosenIn = <P extends string, C extends object, R extends RunBase>(
  { hyperparameters }: RunKind<P, C, R>,
  file: ConfigFile<C> | undefined,
  given: Partial<C> | undefined,
): Partial<C> => ({
  ...givenOf(hyperparameters, file?.options ?? {}),
  ...givenOf(hyperparameters, given ?? {}),
})

/** The preset, overridden by what was chosen. */
const overridden = <P extends string, C extends object, R extends RunBase>(
  { hyperparameters, withGiven = (config, given) => ({ ...config, ...given }) }: RunKind<P, C, R>,
  preset: P,
  chosen: Partial<C>,
): C => withGiven(hyperparameters.presets[preset], chosen)

/** The preset, overridden by a file and by what was given. Error InvalidOption. */
export const configFor = <P extends string, C extends object, R extends RunBase>(
  kind: RunKind<P, C, R>,
  preset: P | undefined,
  file: ConfigFile<C> = { options: {}, chosen: {} },
  given: Partial<C> = {},
): E.Either<CpnasError, C> =>
  pipe(
    kind.check(overridden(kind, preset ?? kind.defaultPreset, chosenIn(kind, file, given))),
    E.chainFirst(config => checkGiven(kind.hyperparameters, { ...file.chosen, ...given }, config)),
  )

const planNew = <P extends string, C extends object, R extends RunBase>(
  kind: RunKind<P, C, R>,
  {
    directory,
    preset,
    file,
    hyperparameters,
    backend = 'auto',
    threads,
    data,
    dataset,
    imageSize,
    origin,
  }: Request<P, C>,
) =>
  pipe(
    TE.fromEither(configFor(kind, preset, file, hyperparameters)),
    TE.chainFirst(() => unused(kind.files, directory)),
    TE.map(
      (config): Plan<C, R> => ({
        directory,
        stored: undefined,
        backend,
        threads: threads ?? defaultThreads(),
        data,
        dataset,
        imageSize,
        origin,
        config,
      }),
    ),
  )

const unused = (files: RunFiles, directory: string): TE.TaskEither<CpnasError, void> =>
  pipe(
    filesOf(directory),
    TE.flatMapEither(present => {
      const found = present.find(file => Object.values(files).includes(file))
      return found === undefined
        ? E.right(undefined)
        : E.left(
            cpnasError(
              'OutputInUse',
              directory,
              `holds a run already (${found})`,
              'Continue it with `resume`, or name another directory with `out`',
            ),
          )
    }),
  )

const comparisons = <P extends string, C extends object, R extends RunBase>(
  kind: RunKind<P, C, R>,
  stored: R,
  { preset, file, hyperparameters, dataset, imageSize }: Request<P, C>,
): readonly Comparison[] => {
  const chosen = chosenIn(kind, file, hyperparameters)
  const asked = preset === undefined ? chosen : overridden(kind, preset, chosen)
  const config = kind.configOf(stored)
  return [
    ...(Object.keys(asked) as (keyof C & string)[]).map(
      name => [name, formatValue(config[name]), formatValue(asked[name])] as const,
    ),
    ['dataset', stored.dataset, dataset],
    ['imageSize', stored.imageSize?.toString() ?? 'absent', imageSize?.toString()],
  ]
}

const planResumed = <P extends string, C extends object, R extends RunBase>(
  kind: RunKind<P, C, R>,
  request: Request<P, C>,
  others: (stored: R) => readonly Comparison[],
): TE.TaskEither<CpnasError, Plan<C, R>> =>
  pipe(
    readRunConfig(kind, request.directory),
    TE.flatMapEither((stored): E.Either<CpnasError, Plan<C, R>> => {
      if (stored === undefined)
        return E.left(
          cpnasError(
            'InvalidOption',
            'resume',
            `${request.directory} holds no run`,
            'Name the directory of a run with `out`, or leave `resume` out to begin one',
          ),
        )
      const differing = [...comparisons(kind, stored, request), ...others(stored)].filter(
        ([, stored, given]) => given !== undefined && given !== stored,
      )
      return differing.length > 0
        ? E.left(
            cpnasError(
              'InvalidOption',
              differing.map(([option]) => option).join(', '),
              `the run in ${request.directory} has ${differing.map(([option, stored, given]) => `\`${option}\` ${stored}, not ${given}`).join('; ')}`,
              'Leave these options out to continue it, or begin another run in another directory',
            ),
          )
        : E.right({
            directory: request.directory,
            stored,
            // Any engine can continue, on any number of threads; by default the run's own.
            backend: request.backend === undefined || request.backend === 'auto' ? stored.backend : request.backend,
            threads: request.threads ?? stored.threads,
            data: request.data ?? stored.data ?? undefined,
            dataset: stored.dataset,
            imageSize: stored.imageSize,
            origin: undefined,
            config: kind.configOf(stored),
          })
    }),
  )

/**
 * Checks a request against the output directory; writes nothing. `others` compares options that only this kind of run has. InvalidOption: a
 * hyper-parameter out of range, an option that is not that of the run to resume, nothing to resume. OutputInUse: a run is there already.
 */
export const planRun = <P extends string, C extends object, R extends RunBase>(
  kind: RunKind<P, C, R>,
  request: Request<P, C>,
  others: (stored: R) => readonly Comparison[] = () => [],
): TE.TaskEither<CpnasError, Plan<C, R>> =>
  request.resume ? planResumed(kind, request, others) : planNew(kind, request)
