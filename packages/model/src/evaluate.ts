import { setImmediate } from 'node:timers/promises'
import { type Backend, catchDeviceError, type StoredTensors, type TensorRecord } from '@cpnas/backends'
import { type CpnasError, cpnasError } from '@cpnas/core'
import { catchReadError } from '@cpnas/data'
import { network } from '@cpnas/supernet'
import type { Batch, BatchSource, Model, OverBatchesOptions } from '@cpnas/training'
import { type Either, flatten, left, right } from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { type Metrics, tally } from './metrics.js'

/** How an evaluation ended. */
export type ModelEvaluation =
  | { readonly status: 'finished'; readonly metrics: Metrics }
  /** The signal ended it before the last batch. */
  | { readonly status: 'stopped' }

const upload = <T>(backend: Backend<T>, tensors: StoredTensors): TensorRecord<T> =>
  Object.fromEntries(Object.entries(tensors).map(([name, { shape, values }]) => [name, backend.tensor(values, shape)]))

const invalidData = (problem: string, remedy: string): Either<CpnasError, never> =>
  left(cpnasError('InvalidData', 'evaluation', problem, remedy))

/** What images have to be like to be classified, and what their classes are called. */
export type Classifies = Pick<Model, 'classNames' | 'image'>

/** Scores [count, classes], row-major, of normalized images [count, height, width, channels]. */
export type Scores = (images: Batch['images'], shape: Batch['shape']) => Promise<ArrayLike<number>>

const run = async (
  { classNames, image: { height, width, channels } }: Classifies,
  scores: Scores,
  batches: BatchSource,
  { onStep, signal }: OverBatchesOptions,
): Promise<Either<CpnasError, ModelEvaluation>> => {
  const counted = tally(classNames)
  let images = 0
  let done = 0
  for await (const batch of batches) {
    if (signal?.aborted) return right({ status: 'stopped' })
    const [count, ...size] = batch.shape
    if (size.join('x') !== `${height}x${width}x${channels}`)
      return invalidData(
        `the images are ${size.join('x')}, those of the model ${height}x${width}x${channels}`,
        'Give images of the size that the model was trained with',
      )
    if (count > 0) {
      const values = await scores(batch.images, batch.shape)
      if (!Array.prototype.every.call(values, Number.isFinite))
        return left(
          cpnasError(
            'NonFiniteLoss',
            'evaluation',
            'the logits are not finite numbers',
            'Train the network anew at a lower learning rate',
          ),
        )
      counted.add(values, batch.labels)
    }
    images += count
    onStep?.(++done)
    await setImmediate()
  }
  return images === 0
    ? invalidData('there are no images', 'Give data with at least one image')
    : right({ status: 'finished', metrics: counted.metrics() })
}

/**
 * Metrics over all batches of whatever gives scores, as `evaluateModel`, whose errors it has but DeviceFailed; one batch after
 * the other is asked for.
 */
export const evaluateScores =
  (
    network: Classifies,
    scores: Scores,
    batches: BatchSource,
    options: OverBatchesOptions = {},
  ): TaskEither<CpnasError, ModelEvaluation> =>
  async () =>
    flatten(await catchReadError(() => run(network, scores, batches, options)))

/** Provides the scores of a model, normalized by its running statistics, on an engine while `use` runs. Error DeviceFailed. */
export const withScores =
  <T>(backend: Backend<T>, model: Model) =>
  <A>(use: (scores: Scores) => TaskEither<CpnasError, A>): TaskEither<CpnasError, A> =>
    catchDeviceError(async () => {
      const parameters = upload(backend, model.parameters)
      const statistics = upload(backend, model.statistics)
      const forward = network(model.spec, model.genotype, model.kind, { filters: 'given' })
      const scores: Scores = async (images, shape) => {
        const logits = backend.scope(
          () => forward(backend, parameters, backend.tensor(images, shape), { statistics }).logits,
        )
        const values = await backend.read(logits)
        backend.dispose(logits)
        return values
      }
      try {
        return await use(scores)()
      } finally {
        backend.dispose([parameters, statistics])
      }
    })

/**
 * Metrics of a model over all batches, normalized by its running statistics. The images are to be normalized by
 * `model.normalization`. Reads back after every batch and gives way to the event loop; `signal` stops it there.
 *
 * Error InvalidData: images of another size than the model's, or none, or pixels that cannot be read; NonFiniteLoss: logits that
 * are not finite; DeviceFailed. Throws RangeError for labels that are no class of the model.
 */
export const evaluateModel = <T>(
  backend: Backend<T>,
  model: Model,
  batches: BatchSource,
  options: OverBatchesOptions = {},
): TaskEither<CpnasError, ModelEvaluation> =>
  withScores(backend, model)(scores => evaluateScores(model, scores, batches, options))
