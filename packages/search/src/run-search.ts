import { type Backend, type CpnasError, catchDeviceError } from '@cpnas/backends'
import type { Dataset } from '@cpnas/data'
import { specFor } from '@cpnas/supernet'
import { type StoredTensors, sgd } from '@cpnas/training'
import { type Either, flatMap, left, map, right } from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { Context } from './architecture.js'
import type { SearchConfig } from './config.js'
import { checkConfig } from './options.js'
import { perform } from './perform.js'
import { initialState, nextTask } from './plan.js'
import { fractionDone, reporter } from './progress.js'
import { genotypeOf } from './round.js'
import { splitsOf } from './splits.js'
import type { SearchEvent, SearchOptions, SearchResult, SearchState } from './types.js'
import { initialWeights, prune, restoreWeights, storeWeights, type Weights } from './weights.js'

/**
 * Searches an architecture on a training set. While an edge has more than one operation: T passes, in each of which every
 * remaining operation of every edge is in exactly one sampled architecture; Child and Parent of it are trained, and
 * evaluated on the validation split; z goes to all its operations. Then every edge drops the operation of lowest mean z.
 * Source: CP-NAS (arXiv 2005.00057), search algorithm. The configuration says what the source leaves open.
 *
 * After every sample, warm-up epoch and drop the snapshot is saved and its entries are emitted; going on from it gives
 * bit for bit what going on without a stop gives, on the same engine with the same number of threads; another engine goes on
 * as well, and rounds differently.
 *
 * Errors: InvalidOption (configuration, a split smaller than a batch), InvalidCheckpoint (a snapshot of other networks),
 * NonFiniteLoss (names sample and option; the last snapshot saved is from before), InvalidData, DeviceFailed (as NonFiniteLoss:
 * the snapshot is from before; the backend can but be closed), what `save` fails with.
 */
export const runSearch = <T>(
  backend: Backend<T>,
  dataset: Dataset,
  config: SearchConfig,
  { snapshot, save, emit = () => {}, signal }: SearchOptions = {},
): TaskEither<CpnasError, SearchResult> =>
  catchDeviceError<SearchResult>(async () => {
    const begun = pipe(
      checkConfig(config),
      flatMap(() => splitsOf(dataset, config)),
      flatMap(splits => {
        const spec = specFor(config, dataset)
        const context: Context<T> = { backend, config, spec, splits, optimizer: sgd(config), signal }
        const state = snapshot?.state ?? initialState(config)
        return pipe(
          startWeights(context, state, snapshot?.tensors),
          map(weights => ({ context, state, weights })),
        )
      }),
    )
    if (begun._tag === 'Left') return begun
    const { context, state, weights } = begun.right
    const { result, weights: last } = await run(context, state, weights, save, emit)
    backend.dispose(last)
    return result
  })

type Run<T> = { readonly weights: Weights<T>; readonly result: Either<CpnasError, SearchResult> }

/** Task after task until none is left or one fails. Takes over the weights and gives those that replace them. */
const run = async <T>(
  context: Context<T>,
  begin: SearchState,
  beginWeights: Weights<T>,
  save: SearchOptions['save'],
  emit: (event: SearchEvent) => void,
): Promise<Run<T>> => {
  const { backend, config, spec, splits } = context
  let state = begin
  let weights = beginWeights
  for (let task = nextTask(config, state); task.type !== 'done'; task = nextTask(config, state)) {
    const performed = await perform(context, state, weights, task, reporter(config, splits, state, emit))
    weights = performed.weights
    if (performed.state._tag === 'Left') {
      const { left: reason } = performed.state
      return { weights, result: reason === 'stopped' ? right({ status: 'stopped', state }) : left(reason) }
    }
    const { right: next } = performed.state
    if (next.round > state.round) weights = prune(backend, weights, spec, config, next.remaining)
    if (save) {
      const saved = await save({ state: next, tensors: await storeWeights(backend, weights) })()
      if (saved._tag === 'Left') return { weights, result: saved }
    }
    for (const entry of next.history.slice(state.history.length))
      emit({ type: entry.type, fraction: fractionDone(config, splits, next), entry } as SearchEvent)
    state = next
  }
  const genotype = genotypeOf(config, state)
  emit({ type: 'done', fraction: 1, genotype })
  return { weights, result: right({ status: 'finished', genotype, state }) }
}

const startWeights = <T>(
  { backend, spec, config, optimizer }: Context<T>,
  { remaining }: SearchState,
  tensors: StoredTensors | undefined,
): Either<CpnasError, Weights<T>> =>
  tensors === undefined
    ? right(initialWeights(backend, spec, config, remaining, optimizer))
    : restoreWeights(backend, spec, config, remaining, optimizer, tensors)
