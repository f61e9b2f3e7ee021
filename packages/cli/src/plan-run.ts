import { readdir } from 'node:fs/promises'
import { type CpnasError, cpnasError, defaultThreads } from '@cpnas/backends'
import { checkConfig, type Preset, presets, type SearchConfig } from '@cpnas/search'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { flagOf } from './command.js'
import { formatValue, inFlags } from './hyperparameters.js'
import { type RunConfig, readRunConfig, runFiles } from './run-directory.js'

/** What the command line asks for; options that were not given are absent. */
export interface Request {
  readonly directory: string
  readonly resume: boolean
  readonly preset: Preset | undefined
  readonly backend: string | undefined
  readonly threads: number | undefined
  readonly data: string | undefined
  readonly dataset: string | undefined
  readonly hyperparameters: Partial<SearchConfig>
}

/** A run to be: one that begins has no data set yet, and its engine may be `auto`. */
export interface Plan {
  readonly directory: string
  readonly stored: RunConfig | undefined
  readonly backend: string
  readonly threads: number
  readonly data: string | undefined
  readonly dataset: string | undefined
  readonly search: SearchConfig
}

/** An error of @cpnas/search in the words of the command line. */
export const asFlags = (error: CpnasError): CpnasError =>
  error._tag === 'InvalidOption' || error._tag === 'NonFiniteLoss'
    ? { ...error, where: inFlags(error.where), problem: inFlags(error.problem), remedy: inFlags(error.remedy) }
    : error

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

const planNew = ({ preset = 'quick', hyperparameters, backend = 'auto', threads, resume: _, ...request }: Request) =>
  pipe(
    TE.fromEither(checkConfig({ ...presets[preset], ...hyperparameters })),
    TE.mapLeft(asFlags),
    TE.chainFirst(() => unused(request.directory)),
    TE.map(
      (search): Plan => ({ ...request, stored: undefined, backend, threads: threads ?? defaultThreads(), search }),
    ),
  )

const unused = (directory: string): TE.TaskEither<CpnasError, void> =>
  pipe(
    filesOf(directory),
    TE.flatMapEither(files => {
      const found = files.find(file => runFiles.includes(file))
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

interface Difference {
  readonly flag: string
  readonly stored: string
  readonly given: string
}

const differences = (
  stored: RunConfig,
  { preset, hyperparameters, threads, dataset }: Request,
): readonly Difference[] => {
  const asked = { ...(preset === undefined ? {} : presets[preset]), ...hyperparameters }
  const all: readonly (readonly [string, string, string | undefined])[] = [
    ...(Object.keys(asked) as (keyof SearchConfig)[]).map(
      name => [flagOf(name), formatValue(stored.search[name]), formatValue(asked[name]!)] as const,
    ),
    ['--threads', String(stored.threads), threads?.toString()],
    ['--dataset', stored.dataset, dataset],
  ]
  return all.flatMap(([flag, stored, given]) =>
    given === undefined || given === stored ? [] : [{ flag, stored, given }],
  )
}

const planResumed = (request: Request): TE.TaskEither<CpnasError, Plan> =>
  pipe(
    readRunConfig(request.directory),
    TE.flatMapEither((stored): E.Either<CpnasError, Plan> => {
      if (stored === undefined)
        return E.left(
          cpnasError(
            'InvalidOption',
            '--resume',
            `${request.directory} holds no run`,
            'Name the directory of a run with --out, or leave --resume out to begin one',
          ),
        )
      const differing = differences(stored, request)
      return differing.length > 0
        ? E.left(
            cpnasError(
              'InvalidOption',
              differing.map(({ flag }) => flag).join(', '),
              `the run in ${request.directory} has ${differing.map(({ flag, stored, given }) => `${flag} ${stored}, not ${given}`).join('; ')}`,
              'Leave these options out to continue it, or begin another run in another directory',
            ),
          )
        : E.right({
            directory: request.directory,
            stored,
            // Any engine can go on; unasked, the one that was at it.
            backend: request.backend === undefined || request.backend === 'auto' ? stored.backend : request.backend,
            threads: stored.threads,
            data: request.data ?? stored.data ?? undefined,
            dataset: stored.dataset,
            search: stored.search,
          })
    }),
  )

/**
 * Checks what was asked for against what lies in the output directory; touches nothing. InvalidOption: a hyper-parameter
 * out of range, an option that is not that of the run to resume, nothing to resume. OutputInUse: a run is there already.
 */
export const planRun = (request: Request): TE.TaskEither<CpnasError, Plan> =>
  request.resume ? planResumed(request) : planNew(request)
