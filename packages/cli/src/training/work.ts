import type { Backend } from '@cpnas/backends'
import type { CpnasError } from '@cpnas/core'
import { writeFileAtomic } from '@cpnas/core/files'
import { batchCount, type Dataset } from '@cpnas/data'
import { type Metrics, writeModel } from '@cpnas/model'
import {
  type PreparedRun,
  pathsOf,
  type TrainingRunConfig,
  trainedOnOf,
  trainingFiles,
  writeHistory,
} from '@cpnas/runs'
import { type Genotype, parameterShapes, spaceOf } from '@cpnas/supernet'
import {
  type Model,
  networkKind,
  runTraining,
  type TrainingConfig,
  type TrainingEvent,
  type TrainingResult,
  type TrainingState,
  trainingSpec,
} from '@cpnas/training'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { counted } from '../report/amounts.js'
import { printTrainingSummary, summarizeTraining } from '../report/training-summary.js'
import type { TestEvent } from '../report/training-words.js'
import type { Need } from '../runs/memory.js'
import { engineLine, introduction, type Opened, resumeCommand } from '../runs/run-command.js'
import { trainingRun } from '../runs/training-run.js'
import { writeGenotype } from '../write-genotype.js'
import type { OpenedSources, TrainingPlan } from './sources.js'
import { testModel } from './test-model.js'

type Event = TrainingEvent | TestEvent
type Finished = Extract<TrainingResult, { readonly status: 'finished' }>

const { hyperparameters } = trainingRun

/** A test keeps nothing for a backward pass, so it takes more images a step than a training with few. */
const testBatch = 100

/** Memory of a training's weights; Adam keeps two moments of each, SGD one. */
export const trainingNeed = (genotype: Genotype, config: TrainingConfig, data: Dataset): Need => ({
  shapes: [parameterShapes(trainingSpec(config, data), genotype, networkKind(config))],
  moments: config.optimizer === 'adam' ? 2 : 1,
  channels: config.channels,
  batchSize: config.batchSize,
  image: data,
})

const begun = ({ training: { epochs, stages } }: TrainingRunConfig, state: TrainingState | undefined): string =>
  `continued after ${state?.history.length ?? 0} of ${stages * epochs} epochs`

/** Both networks on the test set, one after the other, or the one that is both; undefined if the signal came first. */
const testBoth = (
  engine: Backend<unknown>,
  { best, last, state }: Finished,
  test: Dataset,
  batchSize: number,
  emit: (event: TestEvent) => void,
  signal: AbortSignal,
): TE.TaskEither<CpnasError, Record<'best' | 'last', Metrics> | undefined> => {
  const steps = batchCount(test.count, batchSize)
  const testOne = (network: TestEvent['network'], model: Model) =>
    testModel(engine, model, test, {
      batchSize,
      onStep: step => emit({ type: 'test', fraction: 1, network, step, steps }),
      signal,
    })
  const same = state.history.at(-1)!.best
  return pipe(
    testOne('best', best),
    TE.bindTo('best'),
    TE.bind('last', ({ best }) => (best === undefined || same ? TE.right(best) : testOne('last', last))),
    TE.map(({ best, last }) => (best === undefined || last === undefined ? undefined : { best, last })),
  )
}

/** The training of a plan, with all it needs open. */
export const trainingRunOf = (
  { directory, stored, saveEvery }: Pick<TrainingPlan, 'directory' | 'stored' | 'saveEvery'>,
  {
    data,
    engine,
    config,
    prepared: { initial, teacher, notes },
  }: Omit<Opened<TrainingRunConfig, Event, Omit<OpenedSources, 'record'>>, 'reporter' | 'lock'>,
  signal: AbortSignal,
): PreparedRun<TrainingRunConfig, TrainingState, Event, Finished> => {
  const { genotype, training } = config
  const paths = pathsOf(trainingFiles, directory)
  // An engine's tensors are its own: the training is generic in them.
  const backend = engine.backend as Backend<unknown>
  const trainedOn = trainedOnOf(config)
  const withOrigin = (model: Model): Model => (trainedOn === undefined ? model : { ...model, trainedOn })
  const finish = (result: Finished, emit: (event: Event) => void, seconds: () => number) =>
    pipe(
      writeHistory(trainingFiles, directory, result.state),
      TE.flatMap(() => writeGenotype(paths, genotype, spaceOf(config.training))),
      TE.flatMap(() => writeModel(paths.last, withOrigin(result.last))),
      TE.flatMap(() => writeModel(paths.best, withOrigin(result.best))),
      TE.flatMap(() => testBoth(backend, result, data.test, Math.max(training.batchSize, testBatch), emit, signal)),
      TE.flatMap(evaluation =>
        evaluation === undefined
          ? TE.right(undefined)
          : pipe(
              // The last file: a directory that has it is finished.
              writeFileAtomic(paths.evaluation, `${JSON.stringify(evaluation, null, 2)}\n`),
              TE.flatMap(() => summarizeTraining(result, networkKind(training), evaluation, paths, seconds())),
              TE.map(summary => ({
                result: { ...summary, files: paths },
                text: printTrainingSummary(summary, directory),
              })),
            ),
      ),
    )
  return {
    format: trainingRun,
    directory,
    config,
    stored,
    images: data.fingerprint,
    engine: engineLine(engine),
    introduction: state => [
      ...introduction(data, engine),
      ...notes,
      `Run:    ${directory}, ${stored ? begun(config, state) : counted(training.stages * training.epochs, 'epoch')}`,
    ],
    work: options =>
      pipe(
        runTraining(backend, { train: data.train }, genotype, training, {
          ...options,
          ...(initial === undefined ? {} : { initial }),
          ...(teacher === undefined ? {} : { teacher }),
          ...(saveEvery === undefined ? {} : { saveEvery }),
        }),
        TE.mapLeft(hyperparameters.asFlags),
      ),
    finish,
    resumeCommand: resumeCommand(trainingRun, directory),
    saved: { stopped: 'all steps are saved', failed: 'All work up to the last checkpoint is saved' },
  }
}
