import { type Backend, catchDeviceError } from '@cpnas/backends'
import type { CpnasError, Interruption } from '@cpnas/core'
import { type Dataset, openSplits } from '@cpnas/data'
import type { Genotype } from '@cpnas/supernet'
import { type Either, flatMap, left, map, right } from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { learningRateAt } from '../schedules/learning-rate.js'
import type { TrainingConfig } from './config.js'
import { type Carried, makeContext, type RecipeContext, stageOf } from './context.js'
import { entryOf, judge, lastNetwork, type Trained, trainSteps } from './epoch.js'
import { modelOf } from './kept-model.js'
import { checkTrainingConfig } from './options.js'
import { fractionDone, reporter } from './progress.js'
import { beginCarried, nextStage, restoreCarried, type StoredNetwork, storeCarried } from './store.js'
import { checkTeacher, loadTeacher } from './teacher.js'
import type { EpochEntry, TrainingOptions, TrainingResult, TrainingState } from './types.js'

/** Where every training begins. */
export const initialTrainingState: TrainingState = { stage: 1, epoch: 1, step: 0, updates: 0, sums: {}, history: [] }

/** The state after an epoch: one epoch further, or at the first one of the next stage. */
export const recordEpoch = (
  { epochs }: Pick<TrainingConfig, 'epochs'>,
  { stage, epoch, updates, history }: TrainingState,
  entry: EpochEntry,
): TrainingState => {
  const place = epoch < epochs ? { stage, epoch: epoch + 1, updates } : { stage: stage + 1, epoch: 1, updates: 0 }
  return { ...place, step: 0, sums: {}, history: [...history, entry] }
}

/**
 * Trains the network of a genotype: the Child with the loss of CP-NAS (arXiv 2005.00057), or the Parent. Every option of the
 * configuration says where it is from. With two stages the first trains 1-bit activations with float weights, and the
 * second, from those weights (averaged ones where there is an average), both; each has its own optimizer, schedule,
 * statistics, class means, average and best epoch. The first stage has no filter loss: none of its weights are 1-bit.
 *
 * Every epoch ends with an evaluation on the validation split, with running statistics (those of averaged weights are
 * estimated over the first 16 training batches). `best` is the last network whose accuracy there is no more than a standard error below the
 * highest (not stated in the source); without a split it is the last one. Networks come as models, which evaluate bit for bit as they did here.
 *
 * After every epoch, every `saveEvery` steps of one, and at the signal, the snapshot is saved; resuming from any of them gives bit for bit
 * what an uninterrupted run gives, on the same engine with the same number of threads. `teacher` is to be given again; `initial` is not
 * looked at then.
 *
 * Errors: InvalidOption (configuration, teacher, a split too small), InvalidCheckpoint (a snapshot of another network; initial weights of
 * which none fits), NonFiniteLoss (names stage, epoch and options; the last snapshot saved is from before), InvalidData, DeviceFailed (the
 * backend can no longer be used, only closed), what `save` fails with.
 */
export const runTraining = <T>(
  backend: Backend<T>,
  data: { readonly train: Dataset },
  genotype: Genotype,
  config: TrainingConfig,
  options: TrainingOptions = {},
): TaskEither<CpnasError, TrainingResult> =>
  catchDeviceError<TrainingResult>(async () => {
    const checked = pipe(
      checkTrainingConfig(config),
      flatMap(() => checkTeacher(config, data.train, options.teacher, genotype)),
      flatMap(() => openSplits(data.train, config)),
    )
    if (checked._tag === 'Left') return checked
    const teacher = options.teacher && loadTeacher(backend, options.teacher)
    const context = makeContext(backend, data.train, genotype, config, checked.right, teacher, options.signal)
    const result = await pipe(start(context, options), begun =>
      begun._tag === 'Left' ? Promise.resolve(begun) : run(context, begun.right, options),
    )
    backend.dispose([teacher?.parameters, teacher?.statistics])
    return result
  })

interface Begun<T> {
  readonly state: TrainingState
  readonly carried: Carried<T>
  readonly best: StoredNetwork | undefined
}

const start = <T>(context: RecipeContext<T>, { snapshot, initial }: TrainingOptions): Either<CpnasError, Begun<T>> =>
  snapshot === undefined
    ? pipe(
        beginCarried(context, initial),
        map(carried => ({ state: initialTrainingState, carried, best: undefined })),
      )
    : pipe(
        restoreCarried(context, snapshot.tensors, snapshot.state.updates),
        map(restored => ({ state: snapshot.state, ...restored })),
      )

/** Trains epoch after epoch until none is left or one fails. Consumes what it begins with. */
const run = async <T>(
  context: RecipeContext<T>,
  begun: Begun<T>,
  { save, saveEvery = Number.POSITIVE_INFINITY, emit = () => {} }: TrainingOptions,
): Promise<Either<CpnasError, TrainingResult>> => {
  const { backend, config, splits, signal } = context
  let { state, best } = begun
  let { carried } = begun
  const store = async (at: TrainingState, tensors: Carried<T>): Promise<Either<CpnasError, void>> =>
    save === undefined ? right(undefined) : save({ state: at, tensors: await storeCarried(backend, tensors, best) })()
  const end = (reason: Interruption): Either<CpnasError, TrainingResult> => {
    backend.dispose(carried)
    return reason === 'stopped' ? right({ status: 'stopped', state }) : left(reason)
  }

  while (state.stage <= config.stages) {
    const stage = stageOf(context, state.stage)
    const report = reporter(context, state, emit)
    const saveStep = (at: TrainingState, tensors: Carried<T>) => {
      state = at
      return store(at, tensors)
    }
    const trained: Trained<T> = await trainSteps(context, stage, state, carried, saveEvery, saveStep, step =>
      report('train', step),
    )
    carried = trained.carried
    if (trained.outcome._tag === 'Left') return end(trained.outcome.left)
    state = trained.outcome.right
    const judged = await judge(context, stage, state, carried, step => report('evaluate', step))
    if (judged._tag === 'Left') {
      if (judged.left === 'stopped') {
        const saved = await store(state, carried)
        if (saved._tag === 'Left') return end(saved.left)
      }
      return end(judged.left)
    }
    const entry = entryOf(
      context,
      stage,
      state,
      learningRateAt(config, state.updates - 1, splits.trainingSteps),
      judged.right,
    )
    best = judged.right.best ?? best
    state = recordEpoch(config, state, entry)
    if (state.stage > stage.number && state.stage <= config.stages) {
      carried = nextStage(context, carried)
      best = undefined
    }
    const saved = await store(state, carried)
    if (saved._tag === 'Left') return end(saved.left)
    emit({ type: 'epoch', fraction: fractionDone(context, state), entry })
    if (signal?.aborted && state.stage <= config.stages) return end('stopped')
  }

  const last = await lastNetwork(context, stageOf(context, config.stages), state, carried)
  if (last._tag === 'Left') return end(last.left)
  backend.dispose(carried)
  emit({ type: 'done', fraction: 1 })
  return right({
    status: 'finished',
    last: modelOf(context, last.right),
    best: modelOf(context, best ?? last.right),
    state,
  })
}
