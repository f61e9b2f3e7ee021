import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type CpnasError, cpnasError } from '@cpnas/backends'
import { type HistoryEntry, parseConfig, type SearchConfig, type SearchSnapshot, type SearchState } from '@cpnas/search'
import { type Genotype, printGenotype } from '@cpnas/supernet'
import { type Checkpoint, readCheckpoint, writeCheckpoint, writeFileAtomic } from '@cpnas/training'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { drawCells } from './draw-cells.js'

/** What made a run what it is: the content of config.json. */
export interface RunConfig {
  readonly dataset: string
  /** Directory of the data files; null for the embedded images. */
  readonly data: string | null
  /** SHA-256 of the training labels: tells whether a run goes on with the data it was begun with. */
  readonly labels: string
  /** The engine that works on it, and the threads it was given. Another engine goes on with the same files, and rounds differently. */
  readonly backend: string
  readonly threads: number
  readonly search: SearchConfig
}

const format = 'cpnas-run'
const version = 1

const files = {
  config: 'config.json',
  checkpoint: 'checkpoint.json',
  history: 'history.jsonl',
  genotype: 'genotype.json',
  cells: 'cells.svg',
} as const

/** Names of the files of a run: a directory with one of them is in use. */
export const runFiles: readonly string[] = Object.values(files)

export const pathsOf = (directory: string): Readonly<Record<keyof typeof files, string>> => ({
  config: join(directory, files.config),
  checkpoint: join(directory, files.checkpoint),
  history: join(directory, files.history),
  genotype: join(directory, files.genotype),
  cells: join(directory, files.cells),
})

const damaged = (path: string, problem: string): CpnasError =>
  cpnasError(
    'InvalidCheckpoint',
    path,
    problem,
    'Restore the file from a copy, or start a new run in another directory',
  )

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const parseRunConfig = (path: string, text: string): E.Either<CpnasError, RunConfig> =>
  pipe(
    E.tryCatch(
      (): unknown => JSON.parse(text),
      () => damaged(path, 'is not JSON'),
    ),
    E.flatMap(value => {
      if (!isRecord(value) || value.format !== format)
        return E.left(damaged(path, 'is not the configuration of a cpnas run'))
      if (value.version !== version)
        return E.left(
          damaged(path, `has format version ${JSON.stringify(value.version)}, this program reads ${version}`),
        )
      const { dataset, data, labels, backend, threads } = value
      if (
        typeof dataset !== 'string' ||
        !(data === null || typeof data === 'string') ||
        typeof labels !== 'string' ||
        typeof backend !== 'string' ||
        typeof threads !== 'number'
      )
        return E.left(damaged(path, 'does not name its data set, engine and threads'))
      return pipe(
        parseConfig(value.search),
        E.bimap(
          ({ where, problem }) => damaged(path, `"search.${where}" ${problem}`),
          search => ({ dataset, data, labels, backend, threads, search }),
        ),
      )
    }),
  )

/** The configuration of the run in a directory; undefined if there is no run. */
export const readRunConfig = (directory: string): TE.TaskEither<CpnasError, RunConfig | undefined> => {
  const path = pathsOf(directory).config
  return pipe(
    TE.tryCatch(
      () => readFile(path, 'utf8'),
      error => error as NodeJS.ErrnoException,
    ),
    TE.map((text): string | undefined => text),
    TE.orElse(error =>
      error.code === 'ENOENT'
        ? TE.right<CpnasError, string | undefined>(undefined)
        : TE.left(
            cpnasError('InvalidOption', path, `cannot be read (${error.message})`, 'Give another directory with --out'),
          ),
    ),
    TE.flatMapEither(text => (text === undefined ? E.right(undefined) : parseRunConfig(path, text))),
  )
}

/** Writes config.json, in a directory that is made if it is not there: a run begins, or goes on on another engine. */
export const writeRunConfig = (directory: string, config: RunConfig): TE.TaskEither<CpnasError, void> =>
  writeFileAtomic(pathsOf(directory).config, `${JSON.stringify({ format, version, ...config }, null, 2)}\n`)

/** What a checkpoint must have been made with. Where the data lie does not count, nor which engine computed. */
const settingsOf = ({
  data: _data,
  backend: _backend,
  search,
  ...run
}: RunConfig): Readonly<Record<string, unknown>> => ({
  ...run,
  ...search,
})

/** The last snapshot of a run; undefined if none was saved yet. */
export const readSnapshot = (
  directory: string,
  config: RunConfig,
): TE.TaskEither<CpnasError, SearchSnapshot | undefined> => {
  const path = pathsOf(directory).checkpoint
  return pipe(
    TE.tryCatch(
      () => readFile(path).then(() => true),
      error => error as NodeJS.ErrnoException,
    ),
    TE.orElse(error => TE.right(error.code !== 'ENOENT')),
    TE.flatMap(present =>
      present
        ? pipe(
            readCheckpoint<SearchState>(path, settingsOf(config)),
            TE.map(({ state, tensors }): SearchSnapshot | undefined => ({ state, tensors })),
          )
        : TE.right(undefined),
    ),
  )
}

const printHistory = (history: readonly HistoryEntry[]): string =>
  history.map(entry => `${JSON.stringify(entry)}\n`).join('')

const writeHistory = (directory: string, state: SearchState): TE.TaskEither<CpnasError, void> =>
  writeFileAtomic(pathsOf(directory).history, printHistory(state.history))

/** Saves the checkpoint, then history.jsonl, which follows from it: what a kill in between leaves behind is mended on resuming. */
export const saveSnapshot = (
  directory: string,
  config: RunConfig,
  { state, tensors }: SearchSnapshot,
): TE.TaskEither<CpnasError, void> => {
  const checkpoint: Checkpoint<SearchState> = { settings: settingsOf(config), state, tensors }
  return pipe(
    writeCheckpoint(pathsOf(directory).checkpoint, checkpoint),
    TE.flatMap(() => writeHistory(directory, state)),
  )
}

/** Ends a run: the history once more, the genotype and its picture. */
export const finishRun = (
  directory: string,
  state: SearchState,
  genotype: Genotype,
): TE.TaskEither<CpnasError, void> => {
  const paths = pathsOf(directory)
  return pipe(
    writeHistory(directory, state),
    TE.flatMap(() => writeFileAtomic(paths.genotype, printGenotype(genotype))),
    TE.flatMap(() => TE.fromTask(() => drawCells(genotype))),
    TE.flatMap(svg => writeFileAtomic(paths.cells, svg)),
  )
}
