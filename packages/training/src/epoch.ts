import { setImmediate } from 'node:timers/promises'
import { type Backend, type CpnasError, cpnasError, type TensorRecord } from '@cpnas/backends'
import { type Either, left, right } from 'fp-ts/lib/Either.js'
import type { Learner } from './optimizer.js'
import { type Forward, type StepOptions, trainStep } from './step.js'

/** Images one after the other, and their class indices. */
export interface Batch {
  readonly images: ArrayLike<number>
  readonly labels: ArrayLike<number>
  readonly shape: readonly [count: number, height: number, width: number, channels: number]
}

export interface LoopOptions {
  /** Names the work in the error about a loss that is not finite, e.g. `round 1, pass 1, sample 3, child`. */
  readonly where: string
  /** Called after every batch with the number of batches done. */
  readonly onStep?: (done: number) => void
  /** Stops after the current batch. */
  readonly signal?: AbortSignal | undefined
}

export interface EpochOptions extends LoopOptions, StepOptions {}

export interface Epoch<T> {
  readonly learner: Learner<T>
  /** Mean cross-entropy of each network over the images seen, each batch at the weights before its step; or NonFiniteLoss. */
  readonly losses: Either<CpnasError, readonly number[]>
  /** The signal ended the epoch before its last batch. */
  readonly stopped: boolean
}

/**
 * One training step for every batch. Takes over the learner's tensors and gives those that replace them, whatever the
 * losses are; when `batches` throws, it frees them and throws on. Reads back once, at the end; gives way to the event loop between steps.
 */
export const trainEpoch = async <T>(
  backend: Backend<T>,
  learner: Learner<T>,
  networks: readonly [Forward<T>, ...Forward<T>[]],
  batches: Iterable<Batch>,
  options: EpochOptions,
): Promise<Epoch<T>> => {
  const { carried, sums, count, stopped } = await accumulate(
    backend,
    learner,
    batches,
    options,
    (current, images, labels) => {
      const { learner: next, losses } = trainStep(backend, current, networks, images, labels, options)
      return { carried: next, terms: losses.map(x => ({ x, mean: true })) }
    },
  )
  const losses = finite(
    sums.map(sum => sum / count),
    options.where,
    `Lower learningRate (now ${options.learningRate}) or gradientClip (now ${options.gradientClip ?? 'none'}) in a new run`,
  )
  return { learner: carried, losses, stopped }
}

export interface Evaluation {
  /** Share of the images whose largest logit is that of their class, 0..1. */
  readonly accuracy: number
  /** Mean cross-entropy. */
  readonly loss: number
}

/**
 * Accuracy and loss of a network over all batches. A network that normalizes by the statistics of the batch is evaluated
 * with those. NonFiniteLoss if the loss is not finite. Reads back once, at the end.
 */
export const evaluate = async <T>(
  backend: Backend<T>,
  parameters: TensorRecord<T>,
  network: Forward<T>,
  batches: Iterable<Batch>,
  options: LoopOptions,
): Promise<{ readonly result: Either<CpnasError, Evaluation>; readonly stopped: boolean }> => {
  const { sums, count, stopped } = await accumulate(backend, undefined, batches, options, (_, images, labels) => {
    const { logits } = network(backend, parameters, images)
    return {
      carried: undefined,
      terms: [
        { x: backend.sum(backend.equal(backend.argMax(logits), labels)), mean: false },
        { x: backend.softmaxCrossEntropy(logits, labels), mean: true },
      ],
    }
  })
  const [correct = 0, loss = 0] = sums
  const checked = finite([loss / count], options.where, 'Lower learningRate or raise weightDecay')
  return {
    result: checked._tag === 'Left' ? checked : right({ accuracy: correct / count, loss: checked.right[0]! }),
    stopped,
  }
}

interface Step<T, S> {
  readonly carried: S
  /** Scalars to add up; a mean weighs as many as the batch's images. */
  readonly terms: readonly { readonly x: T; readonly mean: boolean }[]
}

/** Runs `step` over the batches in scopes, passing `carried` on; sums its terms in the engine and reads them at the end. */
const accumulate = async <T, S>(
  backend: Backend<T>,
  carried: S,
  batches: Iterable<Batch>,
  { onStep, signal }: LoopOptions,
  step: (carried: S, images: T, labels: T) => Step<T, S>,
): Promise<{
  readonly carried: S
  readonly sums: readonly number[]
  readonly count: number
  readonly stopped: boolean
}> => {
  let current = { carried, totals: undefined as T | undefined }
  let count = 0
  let done = 0
  let stopped = false
  try {
    for (const batch of batches) {
      stopped = signal?.aborted ?? false
      if (stopped) break
      const before = current
      const [size] = batch.shape
      current = backend.scope(() => {
        const images = backend.tensor(batch.images, batch.shape)
        const labels = backend.tensor(batch.labels, [size])
        const { carried, terms } = step(before.carried, images, labels)
        const values = terms.map(({ x, mean }) => backend.mul(backend.reshape(x, [1]), mean ? size : 1))
        const sum = backend.concat(values, 0)
        return { carried, totals: before.totals === undefined ? sum : backend.add(before.totals, sum) }
      })
      backend.dispose(before.totals)
      count += size
      done += 1
      onStep?.(done)
      await setImmediate()
    }
  } catch (error) {
    backend.dispose([current.carried, current.totals])
    throw error
  }
  const sums = current.totals === undefined ? [] : Array.from(await backend.read(current.totals))
  backend.dispose(current.totals)
  return { carried: current.carried, sums, count, stopped }
}

const finite = (losses: readonly number[], where: string, remedy: string): Either<CpnasError, readonly number[]> => {
  const wrong = losses.find(loss => !Number.isFinite(loss))
  return wrong === undefined
    ? right(losses)
    : left(cpnasError('NonFiniteLoss', where, `the loss is ${wrong}, training has diverged`, remedy))
}
