import type { Backend } from '@cpnas/backends'
import type { CpnasError } from '@cpnas/core'
import { type Dataset, openSplits } from '@cpnas/data'
import { specFor } from '@cpnas/supernet'
import { flatMap, map } from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { SearchConfig } from './config.js'
import type { CostOf } from './cost.js'
import { delegated, type Performer, performSample } from './evaluators/delegated.js'
import { evaluators } from './evaluators/index.js'
import { checkConfig } from './options.js'
import { searchWith } from './search-with.js'
import { strategyOf } from './strategies/index.js'
import { withWarmups } from './strategies/with-warmups.js'
import type { SearchOptions, SearchResult } from './types.js'

/** What only some searches have. */
export interface RunSearchOptions {
  /** Works on proposals in place of this process; `checkShareable` says of which searches it can. Default: this process does. */
  readonly performer?: Performer
  /** What architectures cost, for searches that ask (`needsCost`). */
  readonly costOf?: CostOf | undefined
}

/**
 * Searches an architecture on a training set, with the strategy and the evaluator of the configuration. The defaults are those of
 * CP-NAS (arXiv 2005.00057): see `strategies` and `evaluators`. The configuration says what the source leaves open.
 *
 * After every sample, warm-up epoch and drop the snapshot is saved and its entries are emitted; resuming from it gives bit for bit what an
 * uninterrupted run gives, on the same engine with the same number of threads; another engine can continue too, and rounds differently.
 *
 * Errors: InvalidOption (configuration, a split smaller than a batch), InvalidCheckpoint (a snapshot of other networks), NonFiniteLoss
 * (names sample and option; the last snapshot saved is from before), InvalidData, DeviceFailed (as NonFiniteLoss: the snapshot is from
 * before; the backend can no longer be used, only closed), what `save` fails with.
 */
export const runSearch = <T>(
  backend: Backend<T>,
  dataset: Dataset,
  config: SearchConfig,
  { signal, performer, costOf, ...options }: SearchOptions & RunSearchOptions = {},
): TE.TaskEither<CpnasError, SearchResult> =>
  pipe(
    checkConfig(config),
    flatMap(() => openSplits(dataset, config, 'batches')),
    map(splits => {
      const evaluator = evaluators[config.evaluator]!
      const strategy = evaluator.warmsUp ? withWarmups(config, strategyOf(config, costOf)) : strategyOf(config, costOf)
      const context = { backend, config, spec: specFor(config, dataset), splits, signal }
      const { length } = strategy
      return {
        strategy,
        evaluator:
          performer !== undefined || config.parallel === 'pass'
            ? delegated(context, performer ?? { perform: performSample(context, length) })
            : evaluator.create(context, length),
      }
    }),
    TE.fromEither,
    TE.flatMap(({ strategy, evaluator }) => searchWith(strategy, evaluator, options)),
  )
