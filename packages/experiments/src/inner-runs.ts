import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { ResolvedBackend, StoredTensors } from '@cpnas/backends'
import { type CpnasError, cpnasError } from '@cpnas/core'
import {
  type PreparedRun,
  parseEvaluation,
  parseTrainingHistory,
  pathsOf,
  perform,
  type RunBase,
  type RunFormat,
  type RunState,
  readRunConfig,
  readText,
  searchFiles,
  type TrainingRunConfig,
  type TrainingSources,
  trainingFiles,
  withLock,
  writeFingerprint,
  writeRunConfig,
} from '@cpnas/runs'
import type { SearchConfig, SearchEvent } from '@cpnas/search'
import type { Genotype } from '@cpnas/supernet'
import { bestEntry, type Model, needsTeacher, type TrainingConfig, type TrainingEvent } from '@cpnas/training'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { IdentifiedData } from './data.js'
import { searchRun } from './search/kind.js'
import { searchRunOf } from './search/work.js'
import { readGenotype } from './sources/genotype.js'
import { trainingRun } from './training/kind.js'
import { type TestEvent, trainingRunOf } from './training/work.js'
import { version } from './version.js'

/** A search in the directory of another run. */
export interface PlannedSearch {
  readonly kind: 'search'
  /** Its directory within the other one, with slashes. */
  readonly name: string
  readonly config: SearchConfig
}

/** A trained network that a training begins with: its cells, what is recorded about it, and its weights. */
export interface BegunWith {
  readonly genotype: Genotype
  readonly record: Pick<TrainingSources, 'initFrom' | 'initHash' | 'newClassifier'>
  readonly tensors: StoredTensors
}

/** A training in the directory of another run. */
export interface PlannedTraining {
  readonly kind: 'training'
  readonly name: string
  readonly config: TrainingConfig
  /** Whose genotype it trains; undefined: that of the network that it begins with, or the one given. */
  readonly search: string | undefined
  /** Default: random weights. */
  readonly begun?: BegunWith | undefined
}

/** A run in the directory of another one. */
export type PlannedRun = PlannedSearch | PlannedTraining

/** Whether it is a training with a teacher. */
export const isTaught = (run: PlannedRun): run is PlannedTraining => run.kind === 'training' && needsTeacher(run.config)

/** What happens in one of the runs; `fraction` is that of the whole. */
export type InnerEvent = {
  readonly type: 'run'
  readonly fraction: number
  readonly run: string
} & (
  | { readonly kind: 'search'; readonly event: SearchEvent }
  | { readonly kind: 'training'; readonly event: TrainingEvent | TestEvent }
)

/** A trained Parent, and what the trainings it teaches record about it. */
interface Teaching {
  readonly record: Pick<TrainingSources, 'teacher' | 'teacherHash'>
  readonly model: Model
}

/** What all runs in a directory share. */
export interface Setting {
  readonly directory: string
  readonly base: RunBase
  /** The cells that all runs train, unless each has a search. */
  readonly genotype: Genotype | undefined
  /** The teacher of trainings with a distillation weight. */
  readonly teaching: Teaching | undefined
  readonly data: IdentifiedData
  readonly engine: ResolvedBackend
  readonly emit: (event: InnerEvent) => void
  /** Called with the reason if locking a run's directory takes a while. */
  readonly note: (line: string) => void
  readonly signal: AbortSignal
}

/** The file that a run of each kind writes last. */
export const lastFiles: Readonly<Record<PlannedRun['kind'], string>> = {
  search: searchFiles.cells,
  training: trainingFiles.evaluation,
}

/** Finished runs are not repeated. */
export const isFinished = (directory: string, run: PlannedRun): boolean =>
  existsSync(join(directory, run.name, lastFiles[run.kind]))

/** Emits the events of one run, after `position` runs are finished. */
const emitterOf =
  ({ emit }: Setting, { name, kind }: PlannedRun, position: number, count: number) =>
  (event: { readonly fraction: number }): void =>
    emit({ type: 'run', fraction: (position + event.fraction) / count, run: name, kind, event } as InnerEvent)

/** The stored configuration of a run, if it was begun; InvalidCheckpoint if another run is in its directory. */
const storedAs = <R extends RunBase>(format: RunFormat<R>, directory: string, wanted: R) =>
  pipe(
    readRunConfig(format, directory),
    TE.filterOrElse(
      stored =>
        stored === undefined || JSON.stringify(format.settings(stored)) === JSON.stringify(format.settings(wanted)),
      () =>
        cpnasError(
          'InvalidCheckpoint',
          directory,
          'holds another run than is needed there',
          'Begin anew in another directory',
        ),
    ),
  )

const performRun = <
  R extends RunBase,
  S extends RunState,
  E extends { readonly fraction: number },
  F extends { readonly status: 'finished' },
  A,
>(
  { directory: whole, note, signal }: Setting,
  format: RunFormat<R>,
  { name }: PlannedRun,
  config: R,
  emit: (event: { readonly fraction: number }) => void,
  runOf: (at: { readonly directory: string; readonly stored: R | undefined }) => PreparedRun<R, S, E, F, A>,
): TE.TaskEither<CpnasError, boolean> => {
  const directory = join(whole, name)
  return withLock(
    directory,
    note,
  )(lock =>
    pipe(
      storedAs(format, directory, config),
      TE.flatMap(stored => perform(runOf({ directory, stored }), { emit, lock, signal, version })),
      TE.map(outcome => outcome !== undefined),
      TE.mapLeft(error => (error.where.startsWith(directory) ? error : { ...error, where: `${name}: ${error.where}` })),
    ),
  )
}

/** What a training in the directory of another run has in its config.json, and its teacher. */
const trainingOf = (
  { base, directory, genotype, teaching }: Pick<Setting, 'base' | 'directory' | 'genotype' | 'teaching'>,
  planned: PlannedTraining,
): TE.TaskEither<CpnasError, { readonly config: TrainingRunConfig; readonly teacher: Model | undefined }> =>
  pipe(
    planned.search === undefined
      ? TE.right(planned.begun?.genotype ?? genotype!)
      : pipe(
          readGenotype(join(directory, planned.search, searchFiles.genotype)),
          TE.map(found => found.genotype),
        ),
    TE.map(cells => {
      const taught = isTaught(planned) ? teaching : undefined
      const { teacher, teacherHash } = taught?.record ?? { teacher: null, teacherHash: null }
      const begun = planned.begun?.record ?? { initFrom: null, initHash: null }
      const sources = { genotype: cells, ...begun, teacher, teacherHash }
      return { config: { ...base, ...sources, training: planned.config }, teacher: taught?.model }
    }),
  )

/** Writes what the directory of a run has before it begins, for one that is worked on elsewhere. Gives the training's cells and teacher. */
export const beginPlanned = (
  setting: Pick<Setting, 'base' | 'directory' | 'genotype' | 'teaching' | 'data'>,
  planned: PlannedRun,
): TE.TaskEither<CpnasError, { readonly config?: TrainingRunConfig; readonly teacher: Model | undefined }> => {
  const directory = join(setting.directory, planned.name)
  const write = <R extends RunBase>(format: RunFormat<R>, config: R): TE.TaskEither<CpnasError, void> =>
    pipe(
      storedAs(format, directory, config),
      TE.flatMap(() => writeFingerprint(format.files, directory, setting.data.fingerprint)),
      TE.flatMap(() => writeRunConfig(format, directory, config)),
    )
  return planned.kind === 'search'
    ? pipe(
        write(searchRun, { ...setting.base, search: planned.config }),
        TE.map(() => ({ teacher: undefined })),
      )
    : pipe(
        trainingOf(setting, planned),
        TE.tap(({ config }) => write(trainingRun, config)),
      )
}

/** Begins or continues one of the runs; false if the signal stopped it. */
export const performPlanned = (
  setting: Setting,
  planned: PlannedRun,
  position: number,
  count: number,
): TE.TaskEither<CpnasError, boolean> => {
  const { base, data, engine, signal } = setting
  const emit = emitterOf(setting, planned, position, count)
  if (planned.kind === 'search') {
    const config = { ...base, search: planned.config }
    return performRun(setting, searchRun, planned, config, emit, at => searchRunOf(at, { data, engine, config }))
  }
  return pipe(
    trainingOf(setting, planned),
    TE.flatMap(({ config, teacher }) => {
      const prepared = { initial: planned.begun?.tensors, teacher }
      return performRun(setting, trainingRun, planned, config, emit, at =>
        trainingRunOf({ ...at, saveEvery: undefined }, { data, engine, config, prepared }, signal),
      )
    }),
  )
}

/** What accuracies can be measured on. */
export const imagesMeasured = ['test', 'validation'] as const
/** The images that accuracies are measured on. */
export type ImagesMeasured = (typeof imagesMeasured)[number]

/** Top-1 of the best network and of the last one of a finished training, 0..1. Error InvalidCheckpoint. */
export const readAccuracies = (
  directory: string,
  name: string,
  on: ImagesMeasured,
): TE.TaskEither<CpnasError, { readonly best: number; readonly last: number }> => {
  const { evaluation, history } = pathsOf(trainingFiles, join(directory, name))
  const read = <A>(path: string, parse: (text: string, path: string) => E.Either<CpnasError, A>) =>
    pipe(
      readText(path),
      TE.mapLeft(({ message }) => unreadable(path, `cannot be read (${message})`)),
      TE.flatMapEither(text => (text === undefined ? E.left(unreadable(path, 'is missing')) : parse(text, path))),
    )
  if (on === 'test')
    return pipe(
      read(evaluation, parseEvaluation),
      TE.map(({ best, last }) => ({ best: best.top1, last: last.top1 })),
    )
  return pipe(
    read(history, parseTrainingHistory),
    TE.flatMapEither(entries => {
      const [best, last] = [bestEntry(entries), entries.at(-1)].map(entry => entry?.accuracyValidation)
      return best === undefined || last === undefined
        ? E.left(unreadable(history, 'has no validation accuracies'))
        : E.right({ best, last })
    }),
  )
}

const unreadable = (path: string, problem: string): CpnasError =>
  cpnasError('InvalidCheckpoint', path, problem, 'Remove the directory of this training: it will be trained again')
