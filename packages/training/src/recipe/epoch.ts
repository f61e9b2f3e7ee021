import type { CpnasError, Interruption } from '@cpnas/core'
import { catchReadError } from '@cpnas/data'
import { type Either, left, right } from 'fp-ts/lib/Either.js'
import { type Evaluation, errorOfShare, finite } from '../loop/epoch.js'
import { overBatches, type Tally } from '../loop/over-batches.js'
import { newLearner } from '../optimizers/optimizer.js'
import { type Carried, carriedOf, type RecipeContext, type Stage } from './context.js'
import { type Evaluated, estimationSteps, evaluatedNetwork, validate } from './evaluated.js'
import { iteratorOf, take } from './iterators.js'
import { termsOf } from './objective.js'
import { readNetwork, type StoredNetwork } from './store.js'
import { trainBatch } from './train-batch.js'
import type { EpochEntry, LossTerms, TrainingState } from './types.js'

/** Epochs so far and this one, over all stages: what images are shuffled by. */
const epochOf = <T>({ config }: RecipeContext<T>, { stage, epoch }: TrainingState): number =>
  (stage - 1) * config.epochs + epoch

const placeOf = ({ stage, epoch }: TrainingState): string => `stage ${stage}, epoch ${epoch}`

const remedyFor = <T>({ config }: RecipeContext<T>): string =>
  `Lower learningRate (now ${config.learningRate}) or gradientClip (now ${config.gradientClip || 'none'}), or raise warmupEpochs (now ${config.warmupEpochs}), in a new run`

/** The names of an epoch's sums: what `trainBatch` gives, and the images. */
const sumNames = <T>(context: RecipeContext<T>, stage: Stage): readonly string[] => [
  'loss',
  'correct',
  ...termsOf(context, stage).keys(),
]

const tallyOf = <T>(
  context: RecipeContext<T>,
  stage: Stage,
  { sums }: TrainingState,
  carried: Carried<T>,
): Tally<Carried<T>> => ({
  carried,
  sums: sums.images === undefined ? [] : sumNames(context, stage).map(name => sums[name]!),
  count: sums.images ?? 0,
})

/** How far the training of an epoch got. Where reading the data failed, `carried` is empty. */
export interface Trained<T> {
  readonly carried: Carried<T>
  readonly outcome: Either<Interruption, TrainingState>
}

/**
 * The rest of an epoch's training steps. Every `saveEvery` steps of the epoch, and when the signal stops it, `save` is called with what is
 * needed to resume. Consumes `carried` and returns its replacement.
 */
export const trainSteps = async <T>(
  context: RecipeContext<T>,
  stage: Stage,
  begin: TrainingState,
  carried: Carried<T>,
  saveEvery: number,
  save: (state: TrainingState, carried: Carried<T>) => Promise<Either<CpnasError, void>>,
  onStep: (step: number) => void,
): Promise<Trained<T>> => {
  const { backend, splits, signal } = context
  const iterator = iteratorOf(splits.training(epochOf(context, begin), begin.step))
  let state = begin
  let current = carried
  let ended = false
  try {
    while (!ended && state.step < splits.trainingSteps) {
      const { step, updates, epoch } = state
      const wanted = Math.min(saveEvery - (step % saveEvery), splits.trainingSteps - step)
      let update = updates
      const tally = await catchReadError(() =>
        overBatches(
          backend,
          tallyOf(context, stage, state, current),
          take(iterator, wanted),
          { onStep: done => onStep(step + done), signal },
          (before, images, labels) => {
            update += 1
            return trainBatch(context, stage, { epoch, update }, before, images, labels)
          },
        ),
      )
      if (tally._tag === 'Left') return { carried: carriedOf(newLearner(context.optimizer, {})), outcome: tally }
      const { sums, count, done, stopped } = tally.right
      current = tally.right.carried
      const named = Object.fromEntries(sumNames(context, stage).map((name, i) => [name, sums[i]!]))
      state = {
        ...state,
        step: step + done,
        updates: updates + done,
        sums: sums.length === 0 ? {} : { ...named, images: count },
      }
      const checked = finite(sums, placeOf(state), remedyFor(context))
      if (checked._tag === 'Left') return { carried: current, outcome: checked }
      ended = done < wanted
      if (stopped || (!ended && state.step < splits.trainingSteps)) {
        const saved = await save(state, current)
        if (saved._tag === 'Left') return { carried: current, outcome: saved }
      }
      if (stopped) return { carried: current, outcome: left('stopped') }
    }
  } finally {
    await iterator.return?.()
  }
  return { carried: current, outcome: right(state) }
}

/** The evaluation at the end of an epoch; empty without a validation split. */
export interface Judged {
  readonly evaluation?: Evaluation
  /** The network, if it is kept as the best of its stage so far. */
  readonly best?: StoredNetwork
}

/** The largest validation accuracy of the stage so far; -1 if there is none. */
const bestAccuracy = ({ history, stage }: TrainingState): number =>
  Math.max(-1, ...history.flatMap(entry => (entry.stage === stage ? [entry.accuracyValidation ?? -1] : [])))

/**
 * Evaluates an epoch's network on the validation split. It is kept as the best unless its accuracy is more than a standard error below the highest so
 * far: of networks that the images cannot tell apart the later is the better, for it has learned longer, at a lower rate. Not stated in the source.
 */
export const judge = async <T>(
  context: RecipeContext<T>,
  stage: Stage,
  state: TrainingState,
  carried: Carried<T>,
  onStep: (step: number) => void,
): Promise<Either<Interruption, Judged>> => {
  const { backend, splits } = context
  if (splits.validationSteps === 0) return right({})
  const estimated = carried.average === undefined ? 0 : estimationSteps(context)
  return withNetwork(context, stage, state, carried, onStep, async network => {
    const validated = await catchReadError(() =>
      validate(context, stage, network, `${placeOf(state)}, validation`, done => onStep(estimated + done)),
    )
    if (validated._tag === 'Left') return validated
    if (validated.right.stopped) return left('stopped')
    const { result } = validated.right
    if (result._tag === 'Left') return left({ ...result.left, remedy: remedyFor(context) })
    const highest = bestAccuracy(state)
    return result.right.accuracy >= highest - errorOfShare(Math.max(0, highest), splits.validationImages)
      ? right({ evaluation: result.right, best: await readNetwork(backend, network) })
      : right({ evaluation: result.right })
  })
}

const withNetwork = async <T, A>(
  context: RecipeContext<T>,
  stage: Stage,
  state: TrainingState,
  carried: Carried<T>,
  onStep: (step: number) => void,
  use: (network: Evaluated<T>) => Promise<Either<Interruption, A>>,
): Promise<Either<Interruption, A>> => {
  const made = await catchReadError(() => evaluatedNetwork(context, stage, carried, epochOf(context, state), onStep))
  if (made._tag === 'Left') return made
  if (made.right === undefined) return left('stopped')
  const result = await use(made.right)
  context.backend.dispose(made.right)
  return result
}

/** The network of a finished training, of its last epoch. */
export const lastNetwork = <T>(
  context: RecipeContext<T>,
  stage: Stage,
  { history }: TrainingState,
  carried: Carried<T>,
): Promise<Either<Interruption, StoredNetwork>> => {
  const unstoppable = { ...context, signal: undefined }
  const { stage: number, epoch } = history.at(-1)!
  const state = { stage: number, epoch, step: 0, updates: 0, sums: {}, history }
  return withNetwork(
    unstoppable,
    stage,
    state,
    carried,
    () => {},
    async network => right(await readNetwork(context.backend, network)),
  )
}

/** The line of the history for an epoch whose training steps are done. */
export const entryOf = <T>(
  context: RecipeContext<T>,
  stage: Stage,
  { stage: number, epoch, sums }: TrainingState,
  learningRate: number,
  { evaluation, best }: Judged,
): EpochEntry => {
  const mean = (name: string): number => sums[name]! / sums.images!
  return {
    type: 'epoch',
    stage: number,
    epoch,
    learningRate,
    loss: mean('loss'),
    terms: Object.fromEntries(
      [...termsOf(context, stage).keys()].map(name => [name, mean(name)]),
    ) as unknown as LossTerms,
    accuracyTraining: mean('correct'),
    ...(evaluation === undefined ? {} : { accuracyValidation: evaluation.accuracy, lossValidation: evaluation.loss }),
    best: evaluation === undefined || best !== undefined,
  }
}
