import type { Backend, TensorRecord } from '@cpnas/backends'
import { type CpnasError, cpnasError } from '@cpnas/core'
import { type Either, left, right } from 'fp-ts/lib/Either.js'
import type { Learner } from '../optimizers/optimizer.js'
import { type BatchSource, type OverBatchesOptions, overBatches } from './over-batches.js'
import { crossEntropies, type Forward, optimize, type StepOptions } from './step.js'

/** How work over batches is followed and stopped. */
export interface LoopOptions extends OverBatchesOptions {
  /** Names the work in the error about a loss that is not finite, e.g. `round 1, pass 1, sample 3, child`. */
  readonly where: string
}

/** How an epoch is trained. */
export interface EpochOptions extends LoopOptions, StepOptions {
  /** The learning rate of a step of the epoch, counted from 0. Default: `learningRate`, which errors name, at every step. */
  readonly rateAt?: (step: number) => number
}

/** The result of an epoch. */
export interface Epoch<T> {
  readonly learner: Learner<T>
  /** Mean cross-entropy of each network over the images seen, each batch at the weights before its step; or NonFiniteLoss. */
  readonly losses: Either<CpnasError, readonly number[]>
  /** The signal ended the epoch before its last batch. */
  readonly stopped: boolean
}

/**
 * One training step for every batch. Consumes the learner's tensors and returns their replacements, whatever the losses are; when `batches`
 * throws, it frees them and rethrows. Reads back once, at the end; gives way to the event loop between steps.
 */
export const trainEpoch = async <T>(
  backend: Backend<T>,
  learner: Learner<T>,
  networks: readonly [Forward<T>, ...Forward<T>[]],
  batches: BatchSource,
  options: EpochOptions,
): Promise<Epoch<T>> => {
  const { rateAt = () => options.learningRate } = options
  let step = 0
  const { carried, sums, count, stopped } = await overBatches(
    backend,
    { carried: learner, sums: [], count: 0 },
    batches,
    options,
    (current, images, labels) => {
      const { learner: next, aux: losses } = optimize(
        backend,
        current,
        crossEntropies(backend, networks, images, labels),
        { ...options, learningRate: rateAt(step) },
      )
      step += 1
      return { carried: next, terms: losses.map(x => ({ x, mean: true })) }
    },
  )
  const losses = finite(
    sums.map(sum => sum / count),
    options.where,
    `Lower learningRate (now ${options.learningRate}) or gradientClip (now ${options.gradientClip || 'none'}) in a new run`,
  )
  return { learner: carried, losses, stopped }
}

/** Metrics of a network on images. */
export interface Evaluation {
  /** Share of the images whose largest logit is that of their class, 0..1. */
  readonly accuracy: number
  /** Mean cross-entropy. */
  readonly loss: number
}

/** The standard error of a share of so many images: sqrt(share * (1 - share) / images). */
export const errorOfShare = (share: number, images: number): number => Math.sqrt((share * (1 - share)) / images)

/**
 * Accuracy and loss of a network over all batches. A network that normalizes by the statistics of the batch is evaluated
 * with those. NonFiniteLoss if the loss is not finite. Reads back once, at the end.
 */
export const evaluate = async <T>(
  backend: Backend<T>,
  parameters: TensorRecord<T>,
  network: Forward<T>,
  batches: BatchSource,
  options: LoopOptions,
): Promise<{ readonly result: Either<CpnasError, Evaluation>; readonly stopped: boolean }> => {
  const { sums, count, stopped } = await overBatches(
    backend,
    { carried: undefined, sums: [], count: 0 },
    batches,
    options,
    (_, images, labels) => {
      const { logits } = network(backend, parameters, images)
      return {
        carried: undefined,
        terms: [
          { x: backend.sum(backend.equal(backend.argMax(logits), labels)), mean: false },
          { x: backend.softmaxCrossEntropy(logits, labels), mean: true },
        ],
      }
    },
  )
  const [correct = 0, loss = 0] = sums
  const checked = finite([loss / count], options.where, 'Lower learningRate or raise weightDecay')
  return {
    result: checked._tag === 'Left' ? checked : right({ accuracy: correct / count, loss: checked.right[0]! }),
    stopped,
  }
}

/** The losses, or NonFiniteLoss if one of them is not finite. `where` and `remedy` are those of the error. */
export const finite = (
  losses: readonly number[],
  where: string,
  remedy: string,
): Either<CpnasError, readonly number[]> => {
  const wrong = losses.find(loss => !Number.isFinite(loss))
  return wrong === undefined
    ? right(losses)
    : left(cpnasError('NonFiniteLoss', where, `the loss is ${wrong}, training has diverged`, remedy))
}
