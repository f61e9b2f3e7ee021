import { setImmediate } from 'node:timers/promises'
import type { Backend } from '@cpnas/backends'
import { disposeReplaced } from './dispose-replaced.js'

/** Images one after the other, and their class indices. */
export interface Batch {
  readonly images: ArrayLike<number>
  readonly labels: ArrayLike<number>
  readonly shape: readonly [count: number, height: number, width: number, channels: number]
}

/** At hand, or on their way. */
export type BatchSource<B extends Batch = Batch> = Iterable<B> | AsyncIterable<B>

/** A batch on an engine. */
export const batchTensors = <T>(
  backend: Backend<T>,
  { images, labels, shape }: Batch,
): { readonly images: T; readonly labels: T } => ({
  images: backend.tensor(images, shape),
  labels: backend.tensor(labels, [shape[0]]),
})

/** How a pass over batches is followed and stopped. */
export interface OverBatchesOptions {
  /** Called after every batch with the number of batches done. */
  readonly onStep?: ((done: number) => void) | undefined
  /** Stops after the current batch. */
  readonly signal?: AbortSignal | undefined
}

/** The tally of the batches so far: tensors passed on from one to the next, and sums over their images. */
export interface Tally<S> {
  /** Tensors in plain arrays and records. */
  readonly carried: S
  /** Of every term over the images; empty before the first batch. */
  readonly sums: readonly number[]
  /** Images. */
  readonly count: number
}

/** The result of a batch. */
export interface BatchStep<T, S> {
  readonly carried: S
  /** Scalars to add up; a mean weighs as many as the batch's images. */
  readonly terms: readonly { readonly x: T; readonly mean: boolean }[]
}

/**
 * Runs `step` over the batches, each in a scope of its own, passing `carried` on and adding up its terms in the engine; reads them back
 * once, at the end, and gives way to the event loop between steps. Consumes `carried`: frees those of its tensors that a step replaces, and
 * all of them when `batches` throws, which is rethrown. Continuing from a tally gives the same bits as not stopping there.
 */
export const overBatches = async <T, S, B extends Batch = Batch>(
  backend: Backend<T>,
  begin: Tally<S>,
  batches: BatchSource<B>,
  { onStep, signal }: OverBatchesOptions,
  step: (carried: S, images: T, labels: T, batch: B) => BatchStep<T, S>,
): Promise<Tally<S> & { readonly stopped: boolean; readonly done: number }> => {
  let current = {
    carried: begin.carried,
    totals: begin.sums.length === 0 ? undefined : backend.tensor(begin.sums, [begin.sums.length]),
  }
  let { count } = begin
  let done = 0
  let stopped = false
  try {
    for await (const batch of batches) {
      stopped = signal?.aborted ?? false
      if (stopped) break
      const before = current
      const [size] = batch.shape
      current = backend.scope(() => {
        const { images, labels } = batchTensors(backend, batch)
        const { carried, terms } = step(before.carried, images, labels, batch)
        const values = terms.map(({ x, mean }) => backend.mul(backend.reshape(x, [1]), mean ? size : 1))
        const sum = backend.concat(values, 0)
        return { carried, totals: before.totals === undefined ? sum : backend.add(before.totals, sum) }
      })
      disposeReplaced(backend, before, current)
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
  return { carried: current.carried, sums, count, stopped, done }
}
