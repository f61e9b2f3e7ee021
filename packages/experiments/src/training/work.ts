import type { Backend } from '@cpnas/backends'
import type { CpnasError } from '@cpnas/core'
import { writeFileAtomic } from '@cpnas/core/files'
import { batchCount, type Dataset, openSplits } from '@cpnas/data'
import { type Metrics, writeModel } from '@cpnas/model'
import {
  type PreparedRun,
  pathsOf,
  perform,
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
import { checkMemory, type Need } from '../memory.js'
import { engineText, type Opened, openRun, performing, type Telling } from '../open-run.js'
import { writeGenotype } from '../write-genotype.js'
import { trainingRun } from './kind.js'
import { type OpenedSources, readSources, type TrainingPlan } from './sources.js'
import { summarizeTraining, type TrainingSummary } from './summary.js'
import { testModel } from './test-model.js'

/** While a network that is trained is tested. */
export interface TestEvent {
  readonly type: 'test'
  readonly fraction: number
  readonly network: 'best' | 'last'
  /** Batches done. */
  readonly step: number
  readonly steps: number
}

/** The result of a finished training, and the paths of its files. */
export type TrainingOutcome = TrainingSummary & { readonly files: Readonly<Record<keyof typeof trainingFiles, string>> }

type Event = TrainingEvent | TestEvent
type Finished = Extract<TrainingResult, { readonly status: 'finished' }>

/** A test keeps nothing for a backward pass, so it takes more images a step than a training with few. */
const testBatch = 100

/** Memory of a training's weights; Adam keeps two moments of each, SGD one. */
const trainingNeed = (genotype: Genotype, config: TrainingConfig, data: Dataset): Need => ({
  shapes: [parameterShapes(trainingSpec(config, data), genotype, networkKind(config))],
  moments: config.optimizer === 'adam' ? 2 : 1,
  channels: config.channels,
  batchSize: config.batchSize,
  image: data,
})

/** Tests the best and the last network, once if they are the same; undefined if the signal came first. */
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
    prepared: { initial, teacher },
  }: Omit<Opened<TrainingRunConfig, Pick<OpenedSources, 'initial' | 'teacher'>>, 'lock'>,
  signal: AbortSignal,
): PreparedRun<TrainingRunConfig, TrainingState, Event, Finished, TrainingOutcome> => {
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
              TE.map(summary => ({ ...summary, files: paths })),
            ),
      ),
    )
  return {
    format: trainingRun,
    directory,
    config,
    stored,
    images: data.fingerprint,
    engine: engineText(engine),
    work: options =>
      runTraining(backend, { train: data.train }, genotype, training, {
        ...options,
        ...(initial === undefined ? {} : { initial }),
        ...(teacher === undefined ? {} : { teacher }),
        ...(saveEvery === undefined ? {} : { saveEvery }),
      }),
    finish,
  }
}

/** Everything that a training has opened when it begins. */
export type OpenedTraining = Opened<TrainingRunConfig, OpenedSources>

/**
 * Performs a planned training in its directory, to its end and its test, or until the signal comes: then undefined, with all steps saved.
 * InvalidOption: a network that does not fit the memory, a split smaller than a batch, weights or a teacher that do not fit.
 */
export const performTraining = (
  plan: TrainingPlan,
  telling: Telling<OpenedTraining, TrainingState, TrainingEvent | TestEvent>,
): TE.TaskEither<CpnasError, TrainingOutcome | undefined> =>
  openRun(plan, telling, {
    prepare: data =>
      pipe(
        TE.fromEither(checkMemory(trainingNeed(plan.genotype, plan.config, data.train), plan.backend)),
        TE.flatMapEither(() => openSplits(data.train, plan.config)),
        TE.flatMap(() => readSources(plan, data)),
      ),
    complete: (base, { record }) => ({ ...base, ...record, training: plan.config }),
    use: opened => perform(trainingRunOf(plan, opened, telling.signal), performing(opened, telling)),
  })
