import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { StoredTensors } from '@cpnas/backends'
import { type CpnasError, cpnasError, isRecord } from '@cpnas/core'
import { writeFileAtomic } from '@cpnas/core/files'
import type { DataFingerprint } from '@cpnas/data'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { baseOf, commonFiles, type RunBase, type RunFiles } from './base.js'
import { readCheckpoint, type Settings, writeCheckpoint } from './checkpoint.js'
import { readText } from './read-text.js'

/** How the directory of a kind of run looks; R is what its config.json holds. */
export interface RunFormat<R extends RunBase> {
  /** What its config.json names as its format, and the version of that. */
  readonly format: string
  readonly version: number
  /** Names of its files: a directory with one of them is in use. */
  readonly files: RunFiles
  /** Parses its own part of config.json; Left says what is wrong with it. */
  readonly parse: (base: RunBase, file: Readonly<Record<string, unknown>>) => E.Either<string, R>
  /** The settings that a checkpoint must match. */
  readonly settings: (run: R) => Settings
}

/** Where a run stands, and what it has done so far, a line of history.jsonl each. */
export interface RunState {
  readonly history: readonly object[]
}

/** Everything that is needed to resume a run. */
export interface Snapshot<S extends RunState> {
  readonly state: S
  readonly tensors: StoredTensors
}

/** Where the files of a run are, by what they hold. */
export const pathsOf = <F extends RunFiles>(files: F, directory: string): { readonly [K in keyof F]: string } =>
  Object.fromEntries(Object.entries(files).map(([name, file]) => [name, join(directory, file)])) as {
    readonly [K in keyof F]: string
  }

const damaged = (path: string, problem: string): CpnasError =>
  cpnasError(
    'InvalidCheckpoint',
    path,
    problem,
    'Restore the file from a copy, or start a new run in another directory',
  )

const isImages = (value: unknown): value is RunBase['images'] =>
  value === undefined ||
  (isRecord(value) && (value.by === 'content' || value.by === 'listing') && typeof value.digest === 'string')

const parseBase = ({
  dataset,
  data,
  labels,
  images,
  imageSize,
  backend,
  threads,
}: Readonly<Record<string, unknown>>) =>
  typeof dataset !== 'string' ||
  !(data === null || typeof data === 'string') ||
  typeof labels !== 'string' ||
  !isImages(images) ||
  !(imageSize === undefined || typeof imageSize === 'number') ||
  typeof backend !== 'string' ||
  typeof threads !== 'number'
    ? E.left('does not name its data set, engine and threads')
    : E.right<string, RunBase>(baseOf({ dataset, data, labels, images, imageSize, backend, threads } as RunBase))

const parseRunConfig = <R extends RunBase>(
  { format, version, parse }: RunFormat<R>,
  path: string,
  text: string,
): E.Either<CpnasError, R> =>
  pipe(
    E.tryCatch(
      (): unknown => JSON.parse(text),
      () => 'is not JSON',
    ),
    E.flatMap(value => {
      if (!isRecord(value) || value.format !== format) return E.left(`is not the configuration of a ${words(format)}`)
      if (value.version !== version)
        return E.left(`has format version ${JSON.stringify(value.version)}, this program reads ${version}`)
      return pipe(
        parseBase(value),
        E.flatMap(base => parse(base, value)),
      )
    }),
    E.mapLeft(problem => damaged(path, problem)),
  )

/** `cpnas-run` to `cpnas run`. */
const words = (format: string): string => format.replaceAll('-', ' ')

/** The configuration of the run in a directory; undefined if there is no run. `option` is what named the directory. */
export const readRunConfig = <R extends RunBase>(
  kind: RunFormat<R>,
  directory: string,
  option = '`out`',
): TE.TaskEither<CpnasError, R | undefined> => {
  const path = pathsOf(kind.files, directory).config
  return pipe(
    readText(path),
    TE.mapLeft(({ message }) =>
      cpnasError('InvalidOption', path, `cannot be read (${message})`, `Give another directory with ${option}`),
    ),
    TE.flatMapEither(text => (text === undefined ? E.right(undefined) : parseRunConfig(kind, path, text))),
  )
}

/** What config.json keeps of a run of any kind; undefined where there is none. */
export const readRunBase = (directory: string): TE.TaskEither<CpnasError, RunBase | undefined> => {
  const path = join(directory, commonFiles.config)
  return pipe(
    readText(path),
    TE.orElseW(() => TE.right(undefined)),
    TE.map(text => {
      try {
        const value: unknown = JSON.parse(text ?? '')
        const base = isRecord(value) && String(value.format).startsWith('cpnas-') ? parseBase(value) : undefined
        return base === undefined || E.isLeft(base) ? undefined : base.right
      } catch {
        return undefined
      }
    }),
  )
}

/** The fingerprint of a run's data, class by class; undefined if it was not recorded. */
export const readFingerprint = (directory: string): TE.TaskEither<CpnasError, DataFingerprint | undefined> =>
  pipe(
    readText(join(directory, commonFiles.data)),
    TE.orElseW(() => TE.right(undefined)),
    TE.map(text => {
      try {
        const value = JSON.parse(text ?? '') as DataFingerprint
        return isImages(value) && Array.isArray(value.classes) ? value : undefined
      } catch {
        return undefined
      }
    }),
  )

/** Writes data.json, a line a class. */
export const writeFingerprint = (
  files: RunFiles,
  directory: string,
  { by, digest, classes }: DataFingerprint,
): TE.TaskEither<CpnasError, void> =>
  writeFileAtomic(
    pathsOf(files, directory).data,
    `{"by":${JSON.stringify(by)},"digest":${JSON.stringify(digest)},"classes":[\n${classes.map(one => JSON.stringify(one)).join(',\n')}\n]}\n`,
  )

/** Writes config.json, in a directory that is made if it is not there: when a run begins, or continues on another engine. */
export const writeRunConfig = <R extends RunBase>(
  { format, version, files }: RunFormat<R>,
  directory: string,
  config: R,
): TE.TaskEither<CpnasError, void> =>
  writeFileAtomic(pathsOf(files, directory).config, `${JSON.stringify({ format, version, ...config }, null, 2)}\n`)

/** The last snapshot of a run; undefined if none was saved yet. */
export const readSnapshot = <S extends RunState, R extends RunBase>(
  { files, settings }: RunFormat<R>,
  directory: string,
  config: R,
): TE.TaskEither<CpnasError, Snapshot<S> | undefined> => {
  const path = pathsOf(files, directory).checkpoint
  return pipe(
    TE.tryCatch(
      () => readFile(path).then(() => true),
      error => error as NodeJS.ErrnoException,
    ),
    TE.orElse(error => TE.right(error.code !== 'ENOENT')),
    TE.flatMap(present =>
      present
        ? pipe(
            readCheckpoint<S>(path, settings(config)),
            TE.map(({ state, tensors }): Snapshot<S> | undefined => ({ state, tensors })),
          )
        : TE.right(undefined),
    ),
  )
}

const printHistory = (history: readonly object[]): string => history.map(entry => `${JSON.stringify(entry)}\n`).join('')

/** Writes history.jsonl, which follows from the checkpoint. */
export const writeHistory = (files: RunFiles, directory: string, state: RunState): TE.TaskEither<CpnasError, void> =>
  writeFileAtomic(pathsOf(files, directory).history, printHistory(state.history))

/** Saves the checkpoint, then the history: resuming repairs what a kill in between leaves behind. */
export const saveSnapshot = <S extends RunState, R extends RunBase>(
  { files, settings }: RunFormat<R>,
  directory: string,
  config: R,
  { state, tensors }: Snapshot<S>,
): TE.TaskEither<CpnasError, void> =>
  pipe(
    writeCheckpoint(pathsOf(files, directory).checkpoint, { settings: settings(config), state, tensors }),
    TE.flatMap(() => writeHistory(files, directory, state)),
  )
