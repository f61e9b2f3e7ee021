import type { TensorRecord } from '@cpnas/backends'
import { reconstruct } from '@cpnas/binarize'
import type { CpnasError } from '@cpnas/core'
import { parameterShapes } from '@cpnas/supernet'
import type { Either } from 'fp-ts/lib/Either.js'
import { type Evaluation, evaluate } from '../loop/epoch.js'
import { overBatches } from '../loop/over-batches.js'
import type { Carried, RecipeContext, Stage } from './context.js'
import { iteratorOf, take } from './iterators.js'
import { joinMoments, type Moments, splitMoments, updateMoments } from './moments.js'

/** A network as it is evaluated and kept: 1-bit filters are reconstructed, statistics are by name. Its tensors are its own. */
export interface Evaluated<T> {
  readonly parameters: TensorRecord<T>
  readonly statistics: TensorRecord<T>
}

/** Batches that the statistics of averaged weights are estimated over. */
const averagedBatches = 16

/** How many batches there are to estimate statistics over before an evaluation; 0 where running statistics are at hand. */
export const estimationSteps = <T>({ config, splits }: Pick<RecipeContext<T>, 'config' | 'splits'>): number =>
  config.emaDecay > 0 ? Math.min(averagedBatches, splits.trainingSteps) : 0

/** Names of the parameters of the network that is kept: the auxiliary head is not among them. */
const keptNames = <T>({ spec, genotype, kind }: RecipeContext<T>): readonly string[] =>
  Object.keys(parameterShapes(spec.model, genotype, kind))

const reconstructed = <T>(context: RecipeContext<T>, stage: Stage, weights: TensorRecord<T>): TensorRecord<T> => {
  const { backend, config } = context
  const latent = new Set(stage.latent)
  return Object.fromEntries(
    keptNames(context).map(name => {
      const x = weights[name]!
      return [name, latent.has(name) ? reconstruct(backend, x, config) : backend.reshape(x, backend.shape(x))]
    }),
  )
}

/** The mean of the statistics of the first batches of an epoch, as these parameters have them; undefined if there was none. */
const estimatedMoments = async <T>(
  context: RecipeContext<T>,
  stage: Stage,
  parameters: TensorRecord<T>,
  epoch: number,
  onStep: (done: number) => void,
): Promise<Moments<T> | undefined> => {
  const { backend, normalizations, splits, signal } = context
  const iterator = iteratorOf(splits.training(epoch))
  let update = 0
  const { carried } = await overBatches<T, Moments<T> | undefined>(
    backend,
    { carried: undefined, sums: [], count: 0 },
    take(iterator, estimationSteps(context)),
    { onStep, signal },
    (running, images, labels) => {
      const observed = new Map<string, Moments<T>>()
      const { logits } = stage.evaluated(backend, parameters, images, {
        observe: (name, moments) => observed.set(name, moments),
      })
      update += 1
      return {
        carried: updateMoments(backend, running, joinMoments(backend, normalizations, observed), 1, update),
        terms: [{ x: backend.softmaxCrossEntropy(logits, labels), mean: true }],
      }
    },
  )
  await iterator.return?.()
  return carried
}

/**
 * The network that a training has come to at an epoch (counted over all stages): of the averaged weights where there are such,
 * with statistics estimated for them over some training batches, for those of the weights that are trained do not fit once
 * signs differ; else of the weights themselves with their running statistics. Undefined if the signal ended the estimation.
 */
export const evaluatedNetwork = async <T>(
  context: RecipeContext<T>,
  stage: Stage,
  { learner, average, moments }: Carried<T>,
  epoch: number,
  onStep: (done: number) => void = () => {},
): Promise<Evaluated<T> | undefined> => {
  const { backend, normalizations, signal } = context
  const parameters = backend.scope(() => reconstructed(context, stage, average ?? learner.parameters))
  let estimated: Moments<T> | undefined
  try {
    estimated = average && (await estimatedMoments(context, stage, parameters, epoch, onStep))
  } catch (error) {
    backend.dispose(parameters)
    throw error
  }
  if (average && signal?.aborted) {
    backend.dispose([parameters, estimated])
    return undefined
  }
  const statistics = backend.scope(() => splitMoments(backend, normalizations, (estimated ?? moments)!))
  backend.dispose(estimated)
  return { parameters, statistics }
}

/** Accuracy and loss on the validation split, in evaluation mode. */
export const validate = <T>(
  { backend, splits, signal }: RecipeContext<T>,
  stage: Stage,
  { parameters, statistics }: Evaluated<T>,
  where: string,
  onStep: (done: number) => void,
): Promise<{ readonly result: Either<CpnasError, Evaluation>; readonly stopped: boolean }> =>
  evaluate(
    backend,
    parameters,
    (b, weights, images) => stage.evaluated(b, weights, images, { statistics }),
    splits.validation,
    { where, onStep, signal },
  )
