import { readdir } from 'node:fs/promises'
import { defaultThreads } from '@cpnas/backends'
import { type CpnasError, cpnasError } from '@cpnas/core'
import { type RunBase, type RunFiles, readRunConfig } from '@cpnas/runs'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { flagOf } from '../command.js'
import { formatValue } from '../hyperparameters.js'
import type { ConfigFile } from './config-file.js'
import type { RunKind } from './run-kind.js'

/** What the command line asks for; options that were not given are absent. */
export interface Request<P extends string, C> {
  readonly directory: string
  readonly resume: boolean
  readonly preset: P | undefined
  readonly backend: string | undefined
  readonly threads: number | undefined
  readonly data: string | undefined
  readonly dataset: string | undefined
  readonly imageSize: number | undefined
  /** The run whose data they are. */
  readonly origin?: string
  /** Hyper-parameters of --config, which those of the command line override. */
  readonly file: ConfigFile<C>
  readonly hyperparameters: Partial<C>
}

/** A run to be: one that begins has no data set yet, and its engine may be `auto`. */
export interface Plan<C, R extends RunBase> {
  readonly directory: string
  readonly stored: R | undefined
  readonly backend: string
  readonly threads: number
  readonly data: string | undefined
  readonly dataset: string | undefined
  readonly imageSize: number | undefined
  readonly origin?: string
  readonly config: C
}

/** An option as the run to resume has it, and as it was given; undefined: it was not. */
export type Comparison = readonly [flag: string, stored: string, given: string | undefined]

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
        '--out',
        `${directory} cannot be used (${(error as Error).message})`,
        'Name another directory',
      ),
  )

/** The preset, overridden by a file and by what was given. Error InvalidOption, in the words of the command line. */
export const configFor = <P extends string, C extends object, R extends RunBase>(
  { hyperparameters: { presets, checkGiven, asFlags }, defaultPreset, check }: RunKind<P, C, R>,
  preset: P | undefined,
  file: ConfigFile<C>,
  given: Partial<C>,
): E.Either<CpnasError, C> =>
  pipe(
    check({ ...presets[preset ?? defaultPreset], ...file.options, ...given }),
    E.mapLeft(asFlags),
    E.chainFirst(config => checkGiven({ ...file.chosen, ...given }, config)),
  )

const planNew = <P extends string, C extends object, R extends RunBase>(
  kind: RunKind<P, C, R>,
  { preset, file, hyperparameters, backend = 'auto', threads, resume: _, ...request }: Request<P, C>,
) =>
  pipe(
    TE.fromEither(configFor(kind, preset, file, hyperparameters)),
    TE.chainFirst(() => unused(kind.files, request.directory)),
    TE.map(
      (config): Plan<C, R> => ({
        ...request,
        stored: undefined,
        backend,
        threads: threads ?? defaultThreads(),
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
              'Continue it with --resume, or name another directory with --out',
            ),
          )
    }),
  )

const comparisons = <P extends string, C extends object, R extends RunBase>(
  { hyperparameters: { presets }, configOf }: RunKind<P, C, R>,
  stored: R,
  { preset, file, hyperparameters, dataset, imageSize }: Request<P, C>,
): readonly Comparison[] => {
  const asked: Partial<C> = { ...(preset === undefined ? {} : presets[preset]), ...file.options, ...hyperparameters }
  const config = configOf(stored)
  return [
    ...(Object.keys(asked) as (keyof C & string)[]).map(
      name => [flagOf(name), formatValue(config[name]), formatValue(asked[name])] as const,
    ),
    ['--dataset', stored.dataset, dataset],
    ['--image-size', stored.imageSize?.toString() ?? 'absent', imageSize?.toString()],
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
            '--resume',
            `${request.directory} holds no run`,
            'Name the directory of a run with --out, or leave --resume out to begin one',
          ),
        )
      const differing = [...comparisons(kind, stored, request), ...others(stored)].filter(
        ([, stored, given]) => given !== undefined && given !== stored,
      )
      return differing.length > 0
        ? E.left(
            cpnasError(
              'InvalidOption',
              differing.map(([flag]) => flag).join(', '),
              `the run in ${request.directory} has ${differing.map(([flag, stored, given]) => `${flag} ${stored}, not ${given}`).join('; ')}`,
              'Leave these options out to continue it, or begin another run in another directory',
            ),
          )
        : E.right({
            directory: request.directory,
            stored,
            // Any engine can go on, on any number of threads; unasked, the one that was at it.
            backend: request.backend === undefined || request.backend === 'auto' ? stored.backend : request.backend,
            threads: request.threads ?? stored.threads,
            data: request.data ?? stored.data ?? undefined,
            dataset: stored.dataset,
            imageSize: stored.imageSize,
            config: kind.configOf(stored),
          })
    }),
  )

/**
 * Checks what was asked for against what lies in the output directory; touches nothing. `others` compares options that only
 * this kind of run has. InvalidOption: a hyper-parameter out of range, an option that is not that of the run to resume, nothing
 * to resume. OutputInUse: a run is there already.
 */
export const planRun = <P extends string, C extends object, R extends RunBase>(
  kind: RunKind<P, C, R>,
  request: Request<P, C>,
  others: (stored: R) => readonly Comparison[] = () => [],
): TE.TaskEither<CpnasError, Plan<C, R>> =>
  request.resume ? planResumed(kind, request, others) : planNew(kind, request)
