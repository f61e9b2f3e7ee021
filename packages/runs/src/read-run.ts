import { stat } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { type CpnasError, cpnasError } from '@cpnas/core'
import { catalogue, type DatasetFacts } from '@cpnas/data'
import { pack } from '@cpnas/export'
import { type ModelSummary, readModel, summarize } from '@cpnas/model'
import { encode } from '@cpnas/packed'
import { parseGenotype, specFor } from '@cpnas/supernet'
import { type Model, modelSpec, networkKind } from '@cpnas/training'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { type RunBase, trainedOnOf } from './base.js'
import { pathsOf, readRunConfig } from './directory.js'
import { type Comparison, comparisonFiles } from './formats/comparison.js'
import { type SearchRunConfig, searchFiles, searchFormat } from './formats/search.js'
import { type TrainingRunConfig, trainingFiles, trainingFormat } from './formats/training.js'
import { writerOf } from './lock.js'
import { parseComparison, parseEvaluation, parseJournal, parseSearchHistory, parseTrainingHistory } from './parse.js'
import { readText } from './read-text.js'
import type { Run, SearchRun, TrainingRun } from './run.js'
import { readWorkers } from './workers.js'

const readFileOf = (path: string): TE.TaskEither<CpnasError, string | undefined> =>
  pipe(
    readText(path),
    TE.mapLeft(({ message }) =>
      cpnasError('InvalidCheckpoint', path, `cannot be read (${message})`, 'Make it readable, or name another run'),
    ),
  )

const readParsed = <A>(
  path: string,
  parse: (text: string, path: string) => E.Either<CpnasError, A>,
): TE.TaskEither<CpnasError, A | undefined> =>
  pipe(
    readFileOf(path),
    TE.flatMapEither(text => (text === undefined ? E.right(undefined) : parse(text, path))),
  )

/** What kind of run a directory holds. InvalidOption if it holds none that a report can show. */
const kindOf = (directory: string): TE.TaskEither<CpnasError, Run['kind']> =>
  pipe(
    readFileOf(join(directory, searchFiles.config)),
    TE.flatMapEither(text => {
      const kinds: Readonly<Record<string, Run['kind']>> = {
        [searchFormat.format]: 'search',
        [trainingFormat.format]: 'training',
      }
      const format = pipe(
        E.tryCatch(
          () => (JSON.parse(text ?? '{}') as { readonly format?: unknown } | null)?.format,
          () => undefined,
        ),
        E.getOrElse((): unknown => undefined),
      )
      const kind = typeof format === 'string' && Object.hasOwn(kinds, format) ? kinds[format] : undefined
      return kind === undefined
        ? E.left(
            cpnasError(
              'InvalidOption',
              directory,
              text === undefined ? 'holds no run' : `holds no search and no training (${searchFiles.config})`,
              'Name the directory of a `cpnas search` or a `cpnas train`',
            ),
          )
        : E.right(kind)
    }),
  )

/** Facts about the images that are known without opening them; an image folder may hold any classes. */
const factsOf = ({ dataset, imageSize }: RunBase): DatasetFacts | undefined => {
  const facts = Object.hasOwn(catalogue, dataset) ? catalogue[dataset as keyof typeof catalogue] : undefined
  if (facts === undefined || facts.classNames.length === 0) return undefined
  return imageSize === undefined ? facts : { ...facts, height: imageSize, width: imageSize }
}

const commonOf = (
  name: string,
  directory: string,
  config: RunBase,
  journal: Run['journal'],
  running: boolean,
  finished: boolean,
) => {
  const classes = factsOf(config)?.classNames.length
  return {
    name,
    directory,
    state: finished ? ('finished' as const) : running ? ('running' as const) : ('stopped' as const),
    dataset: config.dataset,
    data: config.data,
    ...(config.imageSize === undefined ? {} : { imageSize: config.imageSize }),
    ...(classes === undefined ? {} : { classes }),
    backend: config.backend,
    threads: config.threads,
    journal,
  }
}

const readSearch = (
  name: string,
  directory: string,
  config: SearchRunConfig,
  running: boolean,
): TE.TaskEither<CpnasError, SearchRun> => {
  const paths = pathsOf(searchFiles, directory)
  return pipe(
    TE.Do,
    TE.bind('history', () => readParsed(paths.history, parseSearchHistory)),
    TE.bind('journal', () => readParsed(paths.journal, parseJournal)),
    TE.bind('genotype', () => readParsed(paths.genotype, parseGenotype)),
    TE.bind('workers', () => (running ? readWorkers(directory) : TE.right([]))),
    TE.map(({ history = [], journal = [], genotype: found, workers }): SearchRun => {
      const facts = factsOf(config)
      const genotype = found?.genotype
      return {
        ...commonOf(name, directory, config, journal, running, genotype !== undefined),
        kind: 'search',
        ...(workers.length === 0 ? {} : { workers }),
        config: config.search,
        history,
        ...(genotype === undefined ? {} : { genotype }),
        ...(genotype === undefined || facts === undefined
          ? {}
          : { summary: summarize(specFor(config.search, facts), genotype, 'child', facts, facts) }),
      }
    }),
  )
}

/** Length of the packed file; undefined of a Parent, or if it cannot be packed. */
const packedBytesOf = (model: Model): number | undefined => {
  const packed = pack(model)
  return E.isLeft(packed) ? undefined : encode(packed.right).length
}

interface NetworkFacts {
  readonly summary?: ModelSummary
  readonly packedBytes?: number
}

/** Of the network that the training leaves, or of the one that it will. */
const networkFactsOf = (directory: string, config: TrainingRunConfig): TE.TaskEither<CpnasError, NetworkFacts> => {
  const { best } = pathsOf(trainingFiles, directory)
  const facts = factsOf(config)
  const trainedOn = trainedOnOf(config)
  return pipe(
    TE.fromTask(() =>
      stat(best).then(
        () => true,
        () => false,
      ),
    ),
    TE.flatMap(present => (present ? readModel(best) : TE.right(undefined))),
    TE.map((model): NetworkFacts => {
      if (model !== undefined) {
        const packedBytes = packedBytesOf(model)
        return {
          summary: summarize(model.spec, model.genotype, model.kind, model.image, model),
          ...(packedBytes === undefined ? {} : { packedBytes }),
        }
      }
      if (facts === undefined) return {}
      return {
        summary: summarize(modelSpec(config.training, facts), config.genotype, networkKind(config.training), facts, {
          classNames: facts.classNames,
          normalization: facts.statistics,
          ...(trainedOn === undefined ? {} : { trainedOn }),
        }),
      }
    }),
  )
}

const readTraining = (
  name: string,
  directory: string,
  config: TrainingRunConfig,
  running: boolean,
): TE.TaskEither<CpnasError, TrainingRun> => {
  const paths = pathsOf(trainingFiles, directory)
  return pipe(
    TE.Do,
    TE.bind('history', () => readParsed(paths.history, parseTrainingHistory)),
    TE.bind('journal', () => readParsed(paths.journal, parseJournal)),
    TE.bind('evaluation', () => readParsed(paths.evaluation, parseEvaluation)),
    TE.bind('network', () => networkFactsOf(directory, config)),
    TE.map(
      ({ history = [], journal = [], evaluation, network }): TrainingRun => ({
        ...commonOf(name, directory, config, journal, running, evaluation !== undefined),
        kind: 'training',
        config: config.training,
        genotype: config.genotype,
        initFrom: config.initFrom,
        teacher: config.teacher,
        history,
        ...(evaluation === undefined ? {} : { evaluation, classes: evaluation.best.classes.length }),
        ...network,
      }),
    ),
  )
}

const noRun = (directory: string): CpnasError =>
  cpnasError('InvalidOption', directory, 'holds no run any more', 'Name the directory of a run')

/**
 * Reads a run from its directory in its present state, finished or not. InvalidOption: there is none. InvalidCheckpoint, InvalidGenotype,
 * InvalidModel: a file of it is damaged.
 */
export const readRun = (name: string, directory: string): TE.TaskEither<CpnasError, Run> =>
  pipe(
    TE.Do,
    TE.bind('kind', () => kindOf(directory)),
    TE.bind('running', () => TE.fromTask(async () => (await writerOf(directory)) !== undefined)),
    TE.flatMap(
      ({ kind, running }): TE.TaskEither<CpnasError, Run> =>
        kind === 'search'
          ? pipe(
              readRunConfig(searchFormat, directory, 'RUN'),
              TE.filterOrElse(
                config => config !== undefined,
                () => noRun(directory),
              ),
              TE.flatMap(config => readSearch(name, directory, config, running)),
            )
          : pipe(
              readRunConfig(trainingFormat, directory, 'RUN'),
              TE.filterOrElse(
                config => config !== undefined,
                () => noRun(directory),
              ),
              TE.flatMap(config => readTraining(name, directory, config, running)),
            ),
    ),
  )

/** The comparison that a directory holds; undefined if it holds none. InvalidData: one that is damaged. */
export const readComparison = (directory: string): TE.TaskEither<CpnasError, Comparison | undefined> =>
  readParsed(join(directory, comparisonFiles.json), parseComparison)

/** A name for every directory, no two alike: its last part, or all of it where that is taken. */
export const runNames = (directories: readonly string[]): readonly string[] => {
  const short = directories.map(directory => basename(resolve(directory)))
  const named = short.map((name, i) => (short.indexOf(name) === short.lastIndexOf(name) ? name : directories[i]!))
  return named.map((name, i) => (named.indexOf(name) === i ? name : `${name} (${i + 1})`))
}

/** Runs as their directories have them, in their order. Errors as `readRun`. */
export const readRuns = (directories: readonly string[]): TE.TaskEither<CpnasError, readonly Run[]> => {
  const names = runNames(directories)
  return TE.traverseSeqArray((directory: string) => readRun(names[directories.indexOf(directory)]!, directory))(
    directories,
  )
}
